/** What has been read of internal topics, and is committed: nobody needs it any more. */
import type { TopicPartition } from '../batch.ts'
import type { Admin } from '../broker/port.ts'
import type { Log } from '../events.ts'
import type { Stage } from '../plan/plan.ts'

/** Between two deletions in a partition: each is written to the broker's disk. */
const EVERY_MS = 30_000

export class ConsumedHeads {
  readonly #admin: Pick<Admin, 'deleteRecords'>
  readonly #log: Log
  readonly #elapsed: () => number
  /** By topic and partition: when its head was last deleted, by the clock for durations. */
  readonly #deletedAt = new Map<string, number>()

  /** @param elapsed a clock for durations, in ms */
  constructor(admin: Pick<Admin, 'deleteRecords'>, log: Log, elapsed: () => number) {
    this.#admin = admin
    this.#log = log
    this.#elapsed = elapsed
  }

  /** A task of the stage has committed offsets, by source. What lies before them goes, in the background. */
  committed({ sources }: Stage, partition: number, offsets: readonly number[]): void {
    for (const [side, { topic, origin }] of sources.entries()) {
      if (origin !== null && offsets[side] > 0) this.#delete({ topic, partition }, offsets[side])
    }
  }

  #delete(place: TopicPartition, offset: number): void {
    const key = `${place.topic}-${place.partition}`
    const now = this.#elapsed()
    if (now - (this.#deletedAt.get(key) ?? Number.NEGATIVE_INFINITY) < EVERY_MS) return
    this.#deletedAt.set(key, now)
    this.#admin.deleteRecords(place, offset).catch((error) => {
      this.#log.event('internal_topic_not_shortened', { err: error, ...place, offset })
    })
  }
}
