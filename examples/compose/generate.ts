/**
 * Orders and payments without end, for docker-compose.yml: `RATE` orders a second. Runs in the
 * service's image, whose Node takes TypeScript and whose packages are all that it needs.
 *
 * Order `i` comes `i / RATE` seconds after 1970: a generator that starts again goes on with new ones.
 */
import { createServer } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { Kafka, logLevel, type Message } from 'kafkajs'
import * as data from '../orders/data.ts'

const RATE = Number(process.env.RATE ?? 1000)
const PARTITIONS = Number(process.env.PARTITIONS ?? 8)
const REGISTRY = process.env.SCHEMA_REGISTRY_URL ?? 'http://localhost:8081/apis/ccompat/v7'
const BROKERS = (process.env.KAFKA_BROKERS ?? 'localhost:9092').split(',')
const TICK_MS = 100
/** Of orders and payments; much longer than the pipeline's window. */
const RETENTION_MS = 2 * 3_600_000
/** Of Kafka Connect, where the databases of the profile `sources` are. */
const SOURCE = process.env.SOURCE_URL
const ASK_EVERY_TICKS = 50
const ASK_MS = 2000
const ROWS_AT_ONCE = 5000

type Name = 'order' | 'payment' | 'customer' | 'product'
const TOPICS = { order: 'orders', payment: 'payments', customer: 'customers', product: 'products' }
const ids = {} as Record<Name, number>

async function register(name: Name): Promise<void> {
  const response = await fetch(`${REGISTRY}/subjects/${TOPICS[name]}-value/versions`, {
    method: 'POST',
    headers: { 'content-type': 'application/vnd.schemaregistry.v1+json' },
    body: JSON.stringify({ schema: JSON.stringify(data.schemaOf(name)) }),
  })
  if (!response.ok) throw new Error(`${REGISTRY} refuses ${name}: ${await response.text()}`)
  ids[name] = ((await response.json()) as { id: number }).id
}

/** A value under the id that the registry gave its schema. */
function message(name: Name, key: string, value: object, at = Date.now()): Message {
  const framed = data.encode(name, value)
  framed.writeUInt32BE(ids[name], 1)
  return { key, value: framed, timestamp: String(at) }
}

const kafka = new Kafka({ clientId: 'generator', brokers: BROKERS, logLevel: logLevel.WARN })

async function createTopics(): Promise<void> {
  const admin = kafka.admin()
  await admin.connect()
  const topic = (name: Name, config: { name: string; value: string }) => ({
    topic: TOPICS[name],
    numPartitions: PARTITIONS,
    configEntries: [config],
  })
  const limited = { name: 'retention.ms', value: String(RETENTION_MS) }
  const compacted = { name: 'cleanup.policy', value: 'compact' }
  await admin.createTopics({
    // kafkajs gives up at the first answer of a broker that does not know them yet; the producer does not.
    waitForLeaders: false,
    topics: [
      topic('order', limited),
      topic('payment', limited),
      topic('customer', compacted),
      topic('product', compacted),
    ],
  })
  await admin.disconnect()
}

const producer = kafka.producer()
const send = (name: Name, messages: Message[]): Promise<unknown> =>
  producer.send({ topic: TOPICS[name], messages })

async function sendRows(
  name: 'customer' | 'product',
  rows: number,
  rowOf: (id: number) => object,
): Promise<void> {
  for (let from = 1; from <= rows; from += ROWS_AT_ONCE) {
    const count = Math.min(ROWS_AT_ONCE, rows - from + 1)
    const row = (_: unknown, n: number) => message(name, `${from + n}`, rowOf(from + n))
    await send(name, Array.from({ length: count }, row))
  }
}

/** Whether the dimensions' rows are the databases'; they stay theirs. */
let areTheirs = false

/** A profile is not seen from here, and may come later: so Connect is asked for the source, now and then. */
async function askForSource(): Promise<void> {
  if (SOURCE === undefined || areTheirs) return
  const signal = AbortSignal.timeout(ASK_MS)
  const answer = await fetch(SOURCE, { signal }).catch(() => undefined)
  if (answer?.ok) areTheirs = true
}

const orderedAt = (i: number): number => Math.floor((i * 1000) / RATE)

/** Each tick: the orders since the last, the payments that are due, and a customer that changed. */
async function run(): Promise<void> {
  const due = new Map<number, number[]>()
  let next = Math.ceil((Date.now() * RATE) / 1000)
  for (let tick = Math.floor(Date.now() / TICK_MS); ; tick++) {
    await sleep(Math.max(0, tick * TICK_MS - Date.now()))
    const orders: Message[] = []
    for (; orderedAt(next) <= tick * TICK_MS; next++) {
      const at = orderedAt(next)
      orders.push(message('order', data.orderId(next), data.order(next, at), at))
      if (!data.isPaid(next)) continue
      const when = Math.ceil((at + data.payDelay(next)) / TICK_MS)
      due.set(when, [...(due.get(when) ?? []), next])
    }
    const paid = due.get(tick) ?? []
    due.delete(tick)
    const payments = paid.map((i) => {
      const payment = data.payment(i, orderedAt(i))
      return message('payment', data.orderId(i), payment, payment.paid_at)
    })
    const id = 1 + (tick % data.CUSTOMERS)
    const customer = { ...data.customer(id), updated_at: Date.now() }
    await send('order', orders)
    await send('payment', payments)
    if (tick % ASK_EVERY_TICKS === 0) void askForSource()
    if (!areTheirs) await send('customer', [message('customer', `${id}`, customer)])
    lastSent = Date.now()
  }
}

/** For the image's health check: well while records are sent. */
let lastSent = 0
createServer((_request, response) => {
  const ok = Date.now() - lastSent < 10_000
  response.writeHead(ok ? 200 : 503, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ status: ok ? 'ok' : 'fail', checks: [] }))
}).listen(Number(process.env.HTTP_PORT ?? 8080))

for (const name of Object.keys(TOPICS) as Name[]) await register(name)
await createTopics()
await producer.connect()
await askForSource()
if (!areTheirs) {
  await sendRows('customer', data.CUSTOMERS, data.customer)
  await sendRows('product', data.PRODUCTS, data.product)
}
console.log(`${RATE} orders a second begin`)
await run()
