/** The last records of the inputs, which all that `check` says of their contents is judged by. */
import type { Broker } from '../../broker/port.ts'
import { type BackBounds, readBack } from '../../broker/read-back.ts'
import { lastRanges, type TopicRecord } from '../../broker/read-topic.ts'
import { progress } from '../terminal.ts'

/** Records: of each partition, and of the topic. */
const OF_PARTITION = 100
const OF_TOPIC = 400
const BOUNDS: Omit<BackBounds, 'offsets'> = { records: 200_000, bytes: 64 << 20, ms: 20_000 }

export interface Sample {
  /** The last ones of each partition, in its order: of the topic as many as `lastOf` takes, if it has them. */
  readonly records: readonly TopicRecord[]
  /** Offsets that the topic has. */
  readonly rows: number
}

/** The last ones of the topic, by their timestamps. */
export const lastOf = (records: readonly TopicRecord[]): TopicRecord[] =>
  [...records].sort((a, b) => a.timestamp - b.timestamp).slice(-OF_TOPIC)

export async function sampleInputs(
  broker: Broker,
  topics: readonly string[],
): Promise<Map<string, Sample>> {
  const samples = new Map<string, Sample>()
  const bar = progress('Reading samples', topics.length)
  for (const topic of topics) {
    samples.set(topic, await sampleOf(broker, topic))
    bar.at(samples.size)
  }
  bar.end()
  return samples
}

/** Goes back further where offsets have no records any more: compacted, aborted, or a transaction's control records. */
async function sampleOf(broker: Broker, topic: string): Promise<Sample> {
  const partitions = (await lastRanges(broker, topic, 0)).length
  const offsets = Math.max(OF_PARTITION, Math.ceil(OF_TOPIC / Math.max(1, partitions)))
  const byPartition = new Map<number, TopicRecord[]>()
  const { all } = await readBack(broker, topic, { ...BOUNDS, offsets }, (records) => {
    for (const partition of new Set(records.map((record) => record.partition))) {
      const older = records.filter((record) => record.partition === partition)
      const later = byPartition.get(partition) ?? []
      byPartition.set(partition, [...older, ...later].slice(-OF_TOPIC))
    }
    return [...byPartition.values()].reduce((sum, { length }) => sum + length, 0) >= OF_TOPIC
  })
  return { records: [...byPartition.values()].flat(), rows: all }
}
