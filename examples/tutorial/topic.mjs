/**
 * Topics of Avro values under a schema registry, for the tutorial: what Confluent's kafka-avro-console-producer and -consumer
 * do, with kafkajs and avsc alone.
 *
 *     topic.mjs create TOPIC [--compact]               4 partitions
 *     topic.mjs write TOPIC --schema FILE --key FIELD  a line of JSON for each record, from standard input
 *     topic.mjs read TOPIC [--count N]                 what is committed, by time; waits until there are N
 *
 * KAFKA_BROKERS and SCHEMA_REGISTRY_URL say where.
 */
import { readFileSync } from 'node:fs'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import avro from 'avsc'
import kafkajs from 'kafkajs'

const { positionals, values: options } = parseArgs({
  allowPositionals: true,
  options: {
    compact: { type: 'boolean' },
    schema: { type: 'string' },
    key: { type: 'string' },
    count: { type: 'string', default: '0' },
  },
})
const [action, topic] = positionals
const registry = process.env.SCHEMA_REGISTRY_URL
const kafka = new kafkajs.Kafka({
  brokers: process.env.KAFKA_BROKERS.split(','),
  logLevel: kafkajs.logLevel.NOTHING,
})

/** Times as text. */
class Time extends avro.types.LogicalType {
  _fromValue = (value) => new Date(value).toISOString()
  _toValue = (time) => Date.parse(time)
}
const typeOf = (schema) =>
  avro.Type.forSchema(JSON.parse(schema), { logicalTypes: { 'timestamp-millis': Time } })

async function ask(path, body) {
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
  const options = body && { method: 'POST', headers, body: JSON.stringify(body) }
  const response = await fetch(`${registry}${path}`, options)
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`)
  return response.json()
}

async function create() {
  const admin = kafka.admin()
  const configEntries = options.compact ? [{ name: 'cleanup.policy', value: 'compact' }] : []
  // kafkajs would give up at the first answer of a broker that does not know the topic yet.
  const topics = [{ topic, numPartitions: 4, configEntries }]
  await admin.createTopics({ waitForLeaders: false, topics })
  while (!(await admin.listTopics()).includes(topic)) await sleep(100)
  await admin.disconnect()
  console.log(`${topic} is there`)
}

async function write() {
  const schema = readFileSync(options.schema, 'utf8')
  const { id } = await ask(`/subjects/${topic}-value/versions`, { schema })
  const type = typeOf(schema)
  const head = Buffer.alloc(5) // byte 0, then the schema's id
  head.writeInt32BE(id, 1)
  const lines = (await text(process.stdin)).split('\n').filter((line) => line.trim() !== '')
  const messages = lines.map((line) => {
    const value = JSON.parse(line)
    return {
      key: String(value[options.key]),
      value: Buffer.concat([head, type.toBuffer(value)]),
    }
  })
  const { DefaultPartitioner } = kafkajs.Partitioners // Java's
  const producer = kafka.producer({ createPartitioner: DefaultPartitioner })
  await producer.connect()
  await producer.send({ topic, messages })
  await producer.disconnect()
  console.log(`${messages.length} written to ${topic}`)
}

async function read() {
  const types = new Map()
  const records = []
  const consumer = kafka.consumer({ groupId: `read-${process.pid}-${Date.now()}` }) // reads what is committed
  await consumer.subscribe({ topic, fromBeginning: true })
  let last = Date.now()
  await consumer.run({
    async eachMessage({ message: { key, value, timestamp } }) {
      const id = value.readInt32BE(1)
      if (!types.has(id)) types.set(id, typeOf((await ask(`/schemas/ids/${id}`)).schema))
      const fields = types.get(id).fromBuffer(value.subarray(5))
      records.push({ timestamp, line: `${key} ${JSON.stringify(fields)}` })
      last = Date.now()
    },
  })
  while (records.length < options.count || Date.now() - last < 3000) await sleep(100)
  await consumer.disconnect()
  records.sort((a, b) => a.timestamp - b.timestamp)
  for (const { line } of records) console.log(line)
}

await { create, write, read }[action]()
