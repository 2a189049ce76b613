/** What a pipeline of the model's records has written to a Kafka in memory, and what it should have. */
import assert from 'node:assert/strict'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecordColumns } from '../../src/batch.ts'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { FRAME } from '../cli/simulate/join/simulated-join.ts'
import { LEFT, type ModelTimes, naiveJoin } from '../window/model.ts'
import type { StreamRecord } from '../window/random-streams.ts'
import type { PartitionLog } from './memory-broker/partition-log.ts'
import type { MemoryKafka } from './memory-broker.ts'

/** Turns of the process within which a transaction that has ended has all its markers. One that is open hides what follows. */
const MARKER_TURNS = 1000

/** What a read_committed reader gets of a partition. */
export async function committedIn(log: PartitionLog): Promise<RecordColumns> {
  // A commit is answered before its markers are written.
  for (let turns = 0; log.stable < log.end && turns < MARKER_TURNS; turns++) await nextTurn()
  const { records, aborted } = log.read(log.start, Number.POSITIVE_INFINITY)
  return decodeRecordBatches(records, log.start, aborted)
}

/** Whoever has stopped has left no transaction behind which readers would wait. */
export async function assertNothingOpen(kafka: MemoryKafka, topic: string): Promise<void> {
  for (const log of kafka.topics.get(topic).partitions) {
    await committedIn(log)
    assert.equal(log.stable, log.end, `A transaction is open in ${topic}-${log.partition}`)
  }
}

/** Of all partitions, one after the other. */
export async function committedRecords(kafka: MemoryKafka, topic: string) {
  const records: ReturnType<typeof recordAt>[] = []
  for (const log of kafka.topics.get(topic).partitions) {
    const columns = await committedIn(log)
    for (let i = 0; i < columns.length; i++) records.push(recordAt(columns, i))
  }
  return records
}

/** The body of each output, as Avro. */
export async function committedBodies(kafka: MemoryKafka, topic: string): Promise<Buffer[]> {
  const records = await committedRecords(kafka, topic)
  return records.map(({ value }) => value!.subarray(FRAME.length))
}

/** Where each refused record was, and why it was refused. Sorted. */
export async function committedRejects(kafka: MemoryKafka, topic: string): Promise<string[]> {
  const records = await committedRecords(kafka, topic)
  const texts = records.map(({ headers }) => {
    const fields = new Map(headers.map(([name, field]) => [name, String(field)]))
    const of = (name: string): string | undefined => fields.get(`enricher.${name}`)
    return `${of('topic')} ${of('partition')} ${of('offset')} ${of('reason')}`
  })
  return texts.sort()
}

/** @param times of the join; null: facts are joined with nothing. Sorted. */
export function expectedRows(
  times: ModelTimes | null,
  records: readonly StreamRecord[],
): readonly string[] {
  if (times !== null) return naiveJoin(records, times)
  const facts = records.filter(({ side, isRejected }) => side === LEFT && !isRejected)
  return facts.map(({ id }) => `${id}-`).sort()
}

/** As `committedRejects` has them, where all records are written in their order. */
export function expectedRejects(
  records: readonly StreamRecord[],
  topics: readonly string[],
  partitions: number,
): readonly string[] {
  const next = new Map<string, number>()
  const rejects = records.flatMap(({ side, key, fault }) => {
    if (topics[side] === undefined) return []
    const place = `${topics[side]} ${partitionOf(Buffer.from(key), partitions)}`
    const offset = next.get(place) ?? 0
    next.set(place, offset + 1)
    return fault === undefined ? [] : [`${place} ${offset} ${fault}`]
  })
  return rejects.sort()
}
