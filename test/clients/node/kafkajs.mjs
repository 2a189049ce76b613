/** Writes a records file by kafkajs: ADDRESS TOPIC CODEC PARTITION TRANSACTIONAL FILE. */
import kafkajs from 'kafkajs'
import { read } from './records.mjs'

const { CompressionTypes, Kafka, logLevel } = kafkajs
const [address, topic, codec, partition, transactional, file] = process.argv.slice(2)
const kafka = new Kafka({ brokers: [address], logLevel: logLevel.ERROR })
const isTransactional = transactional === '1'
const producer = kafka.producer(
  isTransactional
    ? { transactionalId: `kafkajs-${topic}`, maxInFlightRequests: 1, idempotent: true }
    : {},
)
const compression = CompressionTypes[codec === 'none' ? 'None' : 'GZIP']
const where = partition === '-1' ? {} : { partition: Number(partition) }

/** Several values of a name are a list. */
function headersOf(pairs) {
  const headers = {}
  for (const [name, value] of pairs) {
    headers[name] = name in headers ? [headers[name], value].flat() : value
  }
  return headers
}

await producer.connect()
for (const { end, records } of read(file)) {
  const messages = records.map(({ timestamp, key, value, headers }) => {
    return { timestamp: String(timestamp), key, value, headers: headersOf(headers), ...where }
  })
  const sender = isTransactional ? await producer.transaction() : producer
  await sender.send({ topic, messages, compression })
  if (isTransactional) await (end === 'commit' ? sender.commit() : sender.abort())
}
await producer.disconnect()
