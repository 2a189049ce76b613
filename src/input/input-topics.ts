/** The topics that tasks read as they were at the start: what is read of them, and by which ids. */
import type { TopicIdentity } from '../broker/port.ts'
import type { Log } from '../events.ts'

/** Between two lines on partitions that nobody reads. */
const REMIND_MS = 300_000

export interface InputTopicsOptions {
  /** Of the plan's sources. */
  readonly topics: readonly string[]
  /** How many partitions of each are read: as many as its stage has tasks. */
  readonly partitions: readonly number[]
  /** The topics' ids and partitions as they are now. */
  readonly identities: ReadonlyMap<string, TopicIdentity>
  readonly log: Log
  /** A topic was made anew. @param before its id at the start */
  readonly onRecreated: (topic: string, before: string, id: string) => void
}

export class InputTopics {
  readonly #options: InputTopicsOptions
  /** The topics' ids at the start, by source; null: the broker gives none. */
  readonly ids: readonly (string | null)[]
  /** How many partitions there are, by source; those added since the start are read by nobody. */
  readonly partitions: number[]
  readonly #warned: number[]

  constructor(options: InputTopicsOptions) {
    const { topics, identities, partitions } = options
    this.#options = options
    this.ids = topics.map((topic) => identities.get(topic)?.id ?? null)
    this.partitions = [...partitions]
    this.#warned = topics.map(() => Number.NEGATIVE_INFINITY)
  }

  /** How many partitions are read, by source. */
  get read(): readonly number[] {
    return this.#options.partitions
  }

  /** What a look has found. */
  seen(source: number, { id, partitions }: TopicIdentity): void {
    const { topics, log, onRecreated } = this.#options
    const topic = topics[source]
    const before = this.ids[source]
    if (before !== null && id !== null && before !== id) {
      onRecreated(topic, before, id)
      return
    }
    this.partitions[source] = partitions
    const read = this.read[source]
    const now = performance.now()
    if (partitions === read || now - this.#warned[source] < REMIND_MS) return
    this.#warned[source] = now
    log.event('partitions_not_read', { topic, partitions, read })
  }
}
