/**
 * Which records were retried. They are noted in a topic beside the rejects, in the transactions that put them back: so a
 * record is put back exactly where it is noted, whatever dies when. Offsets of a consumer group would not do, for a filter
 * leaves some behind, and Kafka forgets the offsets of a group without members after a week.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { RecordBytes } from '../../batch.ts'
import type { Broker, TopicDescription } from '../../broker/port.ts'
import { lastRanges, readTopic } from '../../broker/read-topic.ts'
import { RecordBatchWriter } from '../../broker/record-batch-writer.ts'
import { coordinatesText, type Rejected } from './reject.ts'

/** How long a topic that was created is looked for. */
const LOOKS = 50
const LOOK_MS = 200

export const ledgerTopic = (rejects: string): string => `${rejects}.retried`

/** The same for all who retry these rejects, so that one of them at a time does. */
export const retryTransactionalId = (rejects: string): string => `${rejects}.retry`

/** What tells a record from another one that lies at its coordinates once a topic was made anew. */
type Identity = Pick<Rejected, 'topic' | 'partition' | 'offset' | 'timestamp'>

const identityText = (record: Identity): string => `${coordinatesText(record)} ${record.timestamp}`

/** A record is retried once, however many rejects there are of it: each instance rejects a dimension's. */
export class Ledger {
  readonly #noted = new Set<string>()

  has(record: Identity): boolean {
    return this.#noted.has(identityText(record))
  }

  note(record: Identity): void {
    this.#noted.add(identityText(record))
  }
}

/** All that is committed; nothing where the topic is not there. */
export async function readLedger(broker: Broker, rejects: string): Promise<Ledger> {
  const topic = ledgerTopic(rejects)
  const ledger = new Ledger()
  if (!(await broker.admin.describeTopics([topic])).has(topic)) return ledger
  const ranges = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  await readTopic(broker, topic, ranges, ({ key, value }) => {
    if (key !== null && value !== null) ledger.note(JSON.parse(value.toString()) as Identity)
  })
  return ledger
}

/** The batch that notes records as retried, to be sent with them. */
export function ledgerBatch(rejects: string, retried: readonly Rejected[]): RecordBatchWriter {
  const to = { topic: ledgerTopic(rejects), partition: 0 }
  const batch = new RecordBatchWriter({ ...to, transactional: true, compression: 'none' })
  for (const one of retried) batch.recordOf(Date.now(), noteOf(one))
  return batch
}

function noteOf({ topic, partition, offset, timestamp, reason, at }: Rejected): RecordBytes {
  const key = coordinatesText({ topic, partition, offset })
  const note = { topic, partition, offset, timestamp, reason, reject: at }
  return { key: Buffer.from(key), value: Buffer.from(JSON.stringify(note)), headers: [] }
}

/** Creates the topic where it is missing. Throws NOT_AUTHORIZED, and where the topic would forget. */
export async function prepareLedger({ admin }: Broker, rejects: string): Promise<void> {
  const topic = ledgerTopic(rejects)
  const find = async () => (await admin.describeTopics([topic, rejects])) as Found
  const found = await find()
  const there = found.get(topic)
  if (there !== undefined) {
    refuseForgetful(topic, there)
    return
  }
  const replicas = found.get(rejects)?.replicas
  const config = { 'cleanup.policy': 'delete', 'retention.ms': '-1', 'retention.bytes': '-1' }
  const alike = replicas === undefined ? {} : { replicationFactor: replicas }
  await admin.createTopics([{ topic, partitions: 1, ...alike, config }])
  for (let looks = 0; !(await find()).has(topic); looks++) {
    if (looks === LOOKS) throw new Error(`The brokers do not know ${topic}, which was just created`)
    await sleep(LOOK_MS)
  }
}

type Found = ReadonlyMap<string, TopicDescription>

function refuseForgetful(topic: string, { config }: TopicDescription): void {
  const isDeleting = config.get('cleanup.policy')?.includes('delete') ?? false
  const limit = ['retention.ms', 'retention.bytes'].find(
    (name) => Number(config.get(name) ?? -1) >= 0,
  )
  if (!isDeleting || limit === undefined) return
  throw new Error(
    `${topic} notes which rejects were retried, and would forget it (${limit} is ${config.get(limit)}), so that they could be retried twice; set ${limit}=-1 on it`,
  )
}
