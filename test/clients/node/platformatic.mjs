/** Writes a records file by @platformatic/kafka: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE. */
import { Producer } from '@platformatic/kafka'
import { read } from './records.mjs'

const [address, topic, codec, partition, transactional, file] = process.argv.slice(2)
const isTransactional = transactional === '1'
const producer = new Producer({
  clientId: 'platformatic',
  bootstrapBrokers: [address],
  ...(isTransactional ? { idempotent: true, transactionalId: `platformatic-${topic}` } : {}),
})
const where = partition === '-1' ? {} : { partition: Number(partition) }
for (const { end, records } of read(file)) {
  const messages = records.map(({ timestamp, key, value, headers }) => ({
    ...{ topic, timestamp: BigInt(timestamp), ...where },
    key: key ?? undefined,
    value: value ?? undefined,
    headers: new Map(headers.map(([name, bytes]) => [Buffer.from(name), bytes])),
  }))
  const transaction = isTransactional ? await producer.beginTransaction() : undefined
  await (transaction ?? producer).send({ messages, compression: codec })
  if (transaction) await (end === 'commit' ? transaction.commit() : transaction.abort())
}
await producer.close()
