/** The two input topics as they were at the start: what is read of them, and by which ids. */
import type { TopicIdentity } from '../broker/port.ts'
import type { Log } from '../events.ts'

/** Between two lines on partitions that nobody reads. */
const REMIND_MS = 300_000

export interface InputTopicsOptions {
  /** The topics of facts and right stream. */
  readonly topics: readonly string[]
  /** How many partitions of both topics are read: as many as there are tasks. */
  readonly partitions: number
  /** The topics' ids and partitions as they are now. */
  readonly identities: ReadonlyMap<string, TopicIdentity>
  readonly log: Log
  /** A topic was made anew. @param before its id at the start */
  readonly onRecreated: (topic: string, before: string, id: string) => void
}

export class InputTopics {
  readonly #options: InputTopicsOptions
  /** The topics' ids at the start, by side; null: the broker gives none. */
  readonly ids: readonly (string | null)[]
  /** How many partitions there are, by side; those added since the start are read by nobody. */
  readonly partitions: number[]
  readonly #warned: number[]

  constructor(options: InputTopicsOptions) {
    const { topics, identities, partitions } = options
    this.#options = options
    this.ids = topics.map((topic) => identities.get(topic)?.id ?? null)
    this.partitions = topics.map(() => partitions)
    this.#warned = topics.map(() => Number.NEGATIVE_INFINITY)
  }

  /** What a look has found. */
  seen(side: number, { id, partitions }: TopicIdentity): void {
    const { topics, log, onRecreated, partitions: read } = this.#options
    const topic = topics[side]
    const before = this.ids[side]
    if (before !== null && id !== null && before !== id) {
      onRecreated(topic, before, id)
      return
    }
    this.partitions[side] = partitions
    const now = performance.now()
    if (partitions === read || now - this.#warned[side] < REMIND_MS) return
    this.#warned[side] = now
    log.event('partitions_not_read', { topic, partitions, read })
  }
}
