/** Catch-up with another schema than the orders', and keys and values of other lengths. */
import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import { connect, createTopic, PlainProducer } from '../test/support/topics.ts'
import { type CatchUp, catchUpOurs } from './catch-up.ts'
import { type BenchKafka, deleteTopicsOf, newName, withKafka } from './kafka.ts'
import type { Loaded } from './kafka-streams.ts'
import { printHeader } from './machine.ts'
import { readOptions, wholeNumber } from './options.ts'
import { flagsOf, SERVICE_FLAGS } from './process.ts'
import { describeRuns, number, printTable, showSpread } from './spread.ts'

const USAGE = `npm run bench -- values [options]

  --bytes N,N     length of a fact's text (100,500,2000); a reply's is a quarter
  --keys N        length of the keys (36)
  --megabytes N   of facts in the topic (200)
  --runs N        runs of each (3)
  --flags "..."   V8 flags of the service (${SERVICE_FLAGS.join(' ')})`

const PIPELINE = 'bench/values/pipeline.yaml'
const PARTITIONS = 4
const SENDERS = 1000
const FIRST_TIME = 1_735_689_600_000
/** Facts of a millisecond of event time. */
const PER_MS = 50
/** Facts whose replies come mixed, and after the next block's. */
const BLOCK = 3000
/** Has no divisor in common with it. */
const STEP = 7
const FLUSH_BYTES = 800_000

const options = readOptions(USAGE, {
  bytes: '100,500,2000',
  keys: 36,
  megabytes: 200,
  runs: 3,
  flags: SERVICE_FLAGS.join(' '),
})

const schemaOf = (name: string): avsc.Type =>
  avsc.Type.forSchema(
    JSON.parse(readFileSync(new URL(`./values/schemas/${name}.avsc`, import.meta.url), 'utf8')),
  )
const types = { fact: schemaOf('fact'), reply: schemaOf('reply'), sender: schemaOf('sender') }

/** In the frame of a registry, whose ids nobody reads here. */
const encode = (name: keyof typeof types, value: object): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), types[name].toBuffer(value)])

/** Texts that no two records in a row have the same, and nothing compresses away. */
function texts(length: number): (i: number) => string {
  let all = ''
  while (all.length < length + 1000) all += Math.random().toString(36).slice(2)
  return (i) => all.slice((i * 7) % 1000, ((i * 7) % 1000) + length)
}

const idOf = (i: number): string => String(i).padStart(options.keys, 'k')

/** @returns how many replies were sent */
async function send(producer: PlainProducer, tag: string, facts: number, bytes: number) {
  const text = texts(bytes)
  const note = texts(Math.ceil(bytes / 4))
  const put = (topic: string, i: number, at: number, key: string, value: Buffer): void =>
    producer.put(`${tag}.${topic}`, i % PARTITIONS, at, Buffer.from(key), value)
  for (let i = 0; i < SENDERS; i++) {
    put('senders', i, FIRST_TIME, `s${i}`, encode('sender', { name: `Sender ${i}` }))
  }
  let replies = 0
  for (let i = 0; i < facts; i++) {
    const at = FIRST_TIME + Math.floor(i / PER_MS)
    // One sender in eleven is not known.
    const sender = `s${i % Math.round(SENDERS * 1.1)}`
    const fact = { id: idOf(i), text: text(i), sender, size: i % 3 === 0 ? null : i }
    put('orders', i, at, fact.id, encode('fact', fact))
    const inBlock = i % BLOCK
    const asked = i - inBlock - 2 * BLOCK + ((inBlock * STEP) % BLOCK)
    if (asked >= 0) {
      const reply = { id: idOf(asked), score: asked / 7, note: note(asked) }
      put('payments', asked, at, reply.id, encode('reply', reply))
      replies++
    }
    if (producer.bytes > FLUSH_BYTES) await producer.flush()
  }
  await producer.flush()
  return replies
}

async function load(kafka: BenchKafka, bytes: number): Promise<Loaded> {
  const tag = newName()
  const broker = await connect(kafka.address)
  const topics = ['orders', 'payments', 'senders'].map((name) => `${tag}.${name}`)
  for (const topic of topics) await createTopic(broker, topic, PARTITIONS)
  await broker.close()
  const producer = new PlainProducer(kafka.address)
  await producer.connect(topics)
  const orders = Math.round((options.megabytes * 1e6) / bytes)
  const payments = await send(producer, tag, orders, bytes)
  await producer.close()
  return { tag, orders, payments }
}

function row(bytes: number, { orders }: Loaded, runs: readonly CatchUp[]): string[] {
  return [
    number(bytes),
    number(orders),
    showSpread(runs.map(({ cpu }) => orders / cpu)),
    showSpread(runs.map(({ cpu }) => (cpu * 1e6) / orders)),
    showSpread(runs.map(({ peakBytes }) => peakBytes / 2 ** 20)),
  ]
}

await withKafka(async (kafka) => {
  printHeader('Values', kafka)
  const sizes = options.bytes.split(',').map((text) => wholeNumber('bytes', text))
  const rows = [['bytes', 'facts', 'facts/CPU-s', 'µs of CPU per fact and reply', 'peak MB']]
  for (const bytes of sizes) {
    const loaded = await load(kafka, bytes)
    const runs: CatchUp[] = []
    for (let run = 1; run <= options.runs; run++) {
      const build = { flags: flagsOf(options.flags), pipeline: PIPELINE }
      const result = await catchUpOurs(kafka, loaded, build)
      runs.push(result)
      await deleteTopicsOf(kafka, result.name)
    }
    rows.push(row(bytes, loaded, runs))
    await deleteTopicsOf(kafka, loaded.tag)
  }
  console.log(`  keys of ${options.keys} bytes, ${describeRuns(options.runs, options.flags)}`)
  printTable(rows)
})
