/** Whether a record would come late: its topic, or the one that it is joined with, has records of after its window. */
import type { Broker } from '../../broker/port.ts'
import { lastRanges, readTopic } from '../../broker/read-topic.ts'
import type { Pipeline, SourceConfig } from '../../config/pipeline.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import { latenessOf } from '../../window/lateness.ts'
import type { Rejected } from './reject.ts'

/** Offsets at the end of a partition, in which its newest record is looked for. */
const LAST = 5000

/**
 * Stream time is not known here, nor the event time of a record that may be unreadable: the timestamps of records stand
 * for both. Where they are far from the event times, what is late is found by the join, which does as `late` says.
 */
export class PassedWindows {
  readonly #broker: Broker
  readonly #pipeline: Pipeline
  /** By topic: of each partition the timestamp of its newest record, as of when it was first asked for. */
  readonly #newest = new Map<string, ReadonlyMap<number, number>>()

  constructor(broker: Broker, pipeline: Pipeline) {
    this.#broker = broker
    this.#pipeline = pipeline
  }

  /** @param source that the record is of */
  async isPassed(source: SourceConfig, rejected: Rejected): Promise<boolean> {
    const { partition, timestamp, reason } = rejected
    const { joins, facts } = this.#pipeline
    const own = joins.filter((join) => source === facts || join === source)
    if (own.length === 0) return false
    if (reason === 'late') return true
    const heldMs = Math.min(...own.map((join) => latenessOf(join).heldMs))
    for (const { config } of sourcesOf(this.#pipeline)) {
      const newest = await this.#newestOf(config.topic)
      // A side that is repartitioned is joined in another partition: any of them may be the one.
      const isElsewhere = joins[0].repartition !== null
      const times = isElsewhere ? [...newest.values()] : [newest.get(partition) ?? 0]
      if (times.some((time) => time > timestamp + heldMs)) return true
    }
    return false
  }

  async #newestOf(topic: string): Promise<ReadonlyMap<number, number>> {
    const known = this.#newest.get(topic)
    if (known !== undefined) return known
    const newest = new Map<number, number>()
    // Not asked of the broker by time: that would find the markers of transactions, too.
    const ranges = await lastRanges(this.#broker, topic, LAST)
    await readTopic(this.#broker, topic, ranges, ({ partition, timestamp }) => {
      newest.set(partition, Math.max(timestamp, newest.get(partition) ?? 0))
    })
    this.#newest.set(topic, newest)
    return newest
  }
}
