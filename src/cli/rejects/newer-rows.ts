/** Whether a dimension's topic has a newer record of a key: a row that is put back is the topic's last, and would hide it. */
import type { Broker } from '../../broker/port.ts'
import { readTopic } from '../../broker/read-topic.ts'
import type { Rejected } from './reject.ts'

/** What was read of a partition: from `from` on, up to where it ended. */
interface Known {
  from: number
  /** The offset of the last record of each key. */
  readonly last: Map<string, number>
}

/** Reads of each partition what lies behind the oldest row that is asked for, once, and keeps its keys. */
export class NewerRows {
  readonly #broker: Broker
  readonly #known = new Map<string, Known>()

  constructor(broker: Broker) {
    this.#broker = broker
  }

  /** As of when the partition was first asked for, with what `putBack` was told since. */
  async has({ topic, partition, offset }: Rejected, key: Buffer): Promise<boolean> {
    const { last } = await this.#knownFrom(topic, partition, offset + 1)
    return (last.get(textOf(key)) ?? -1) > offset
  }

  /** `has` has said that there is none newer: now it is the last one. */
  putBack({ topic, partition }: Rejected, key: Buffer): void {
    const known = this.#known.get(placeOf(topic, partition))
    known?.last.set(textOf(key), Number.POSITIVE_INFINITY)
  }

  async #knownFrom(topic: string, partition: number, offset: number): Promise<Known> {
    const { admin } = this.#broker
    const place = placeOf(topic, partition)
    const end = async () => (await admin.offsets(topic, 'stable', partition)).get(partition)!
    const known = this.#known.get(place) ?? { from: await end(), last: new Map() }
    this.#known.set(place, known)
    const first = (await admin.offsets(topic, 'earliest', partition)).get(partition)!
    const from = Math.max(offset, first)
    if (from >= known.from) return known
    await readTopic(this.#broker, topic, [{ partition, from, to: known.from }], (record) => {
      if (record.key === null) return
      const text = textOf(record.key)
      known.last.set(text, Math.max(record.offset, known.last.get(text) ?? -1))
    })
    known.from = from
    return known
  }
}

const placeOf = (topic: string, partition: number): string => `${topic}:${partition}`
const textOf = (key: Buffer): string => key.toString('latin1')
