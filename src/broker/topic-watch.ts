/** Looks now and then whether topics are still those that they were: deleted, made anew, or with more partitions. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Log } from '../events.ts'
import type { Admin, TopicIdentity } from './port.ts'

const EVERY_MS = 10_000
/** What has changed is looked at twice: for a moment after a change brokers may differ. */
const AGAIN_MS = 1000
/** Between two lines on a topic that is not there. */
const REMIND_MS = 300_000

/** Told of its topic after every look that has found it. */
export type TopicListener = (found: TopicIdentity) => void

export class TopicWatch {
  readonly #admin: Pick<Admin, 'identify'>
  readonly #log: Log
  readonly #againMs: number
  readonly #listeners = new Map<string, TopicListener[]>()
  /** What was found last, and two looks agree on. */
  #known: ReadonlyMap<string, TopicIdentity> = new Map()
  /** When it was last said of a topic that it is not there. */
  readonly #said = new Map<string, number>()
  #timer: NodeJS.Timeout | undefined
  #looking: Promise<void> | undefined

  constructor(admin: Pick<Admin, 'identify'>, log: Log, againMs = AGAIN_MS) {
    this.#admin = admin
    this.#log = log
    this.#againMs = againMs
  }

  listen(topic: string, listener: TopicListener): void {
    this.#listeners.set(topic, [...(this.#listeners.get(topic) ?? []), listener])
  }

  start(): void {
    this.#timer = setInterval(() => this.look(), EVERY_MS).unref()
  }

  close(): void {
    clearInterval(this.#timer)
    this.#listeners.clear()
  }

  /** Soon, for a reader misses a topic; one look at a time. @returns resolves when it has ended, and never rejects */
  look(): Promise<void> {
    this.#looking ??= this.#look()
      // A broker that does not answer is asked again at the next look; others tell of outages.
      .catch(() => {})
      .finally(() => {
        this.#looking = undefined
      })
    return this.#looking
  }

  async #look(): Promise<void> {
    let found = await this.#ask()
    const isNew = ([topic, now]: [string, TopicIdentity]): boolean =>
      !isSame(this.#known.get(topic), now)
    if ([...found].some(isNew)) {
      await sleep(this.#againMs, undefined, { ref: false })
      const again = await this.#ask()
      found = new Map([...again].filter(([topic, now]) => isSame(found.get(topic), now)))
    }
    this.#known = new Map([...this.#known, ...found])
    for (const [topic, listeners] of this.#listeners) {
      const now = found.get(topic)
      if (now !== undefined) for (const listener of listeners) listener(now)
    }
  }

  async #ask(): Promise<Map<string, TopicIdentity>> {
    const topics = [...this.#listeners.keys()]
    const found = await this.#admin.identify(topics)
    for (const topic of topics) this.#tell(topic, found.has(topic))
    return found
  }

  #tell(topic: string, isThere: boolean): void {
    if (isThere) {
      if (this.#said.delete(topic)) this.#log.event('topic_there_again', { topic })
      return
    }
    const now = performance.now()
    if (now - (this.#said.get(topic) ?? Number.NEGATIVE_INFINITY) < REMIND_MS) return
    this.#said.set(topic, now)
    this.#log.event('topic_gone', { topic })
  }
}

const isSame = (one: TopicIdentity | undefined, other: TopicIdentity): boolean =>
  one?.id === other.id && one.partitions === other.partitions
