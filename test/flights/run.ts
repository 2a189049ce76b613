/**
 * Joins a year of real flights on a real broker, and compares every row with a naive computation: once with a grace in
 * which all delayed flights come in time, once with late ones. Ends with 1 where a row is missing, doubled or wrong.
 *
 *     npm run test:flights
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import { ServiceProcess } from '../../examples/orders/service-process.ts'
import type { Broker } from '../../src/broker/port.ts'
import { freePort, testBroker } from '../support/kafka.ts'
import { connect, createTopic, PlainProducer, readAll } from '../support/topics.ts'
import { type Flights, readFlights } from './data.ts'
import { flightsOf, join, rowOf, weatherOf, writtenAt } from './expected.ts'

const FILE = fileURLToPath(new URL('pipeline.yaml', import.meta.url))
const ORIGINS = ['EWR', 'JFK', 'LGA']
const HOUR_MS = 3_600_000
const FRAME = Buffer.from([0, 0, 0, 0, 1])
const TAG = `flights-${process.pid}`
const FLUSH_BYTES = 800_000
/** No output for so long, and no input left: it is over. Idle windows close after 5 s. */
const QUIET_MS = 10_000
const MOST_MS = 600_000

const typeOf = (name: string): avsc.Type =>
  avsc.Type.forSchema(
    JSON.parse(readFileSync(new URL(`schemas/${name}.avsc`, import.meta.url), 'utf8')),
  )

/** Each origin is a partition; rows of dimensions are all in one. */
async function load(address: string, broker: Broker, data: Flights): Promise<void> {
  const producer = new PlainProducer(address)
  const partitions = {
    flights: ORIGINS.length,
    weather: ORIGINS.length,
    planes: 1,
    airlines: 1,
    airports: 1,
  }
  const topics = Object.entries(partitions)
  for (const [name, count] of topics) await createTopic(broker, `${TAG}.${name}`, count)
  await producer.connect(topics.map(([name]) => `${TAG}.${name}`))
  const send = async (
    topic: string,
    type: avsc.Type,
    rows: Iterable<readonly [partition: number, timestamp: number, key: string, value: object]>,
  ): Promise<void> => {
    for (const [partition, timestamp, key, value] of rows) {
      const bytes = Buffer.concat([FRAME, type.toBuffer(value)])
      producer.put(`${TAG}.${topic}`, partition, timestamp, Buffer.from(key), bytes)
      if (producer.bytes > FLUSH_BYTES) await producer.flush()
    }
    await producer.flush()
  }
  for (const name of ['plane', 'airline', 'airport'] as const) {
    const rows = [...data[`${name}s`]].map(([key, row]) => [0, Date.now(), key, row] as const)
    await send(`${name}s`, typeOf(name), rows)
  }
  for (const [p, origin] of ORIGINS.entries()) {
    const weather = weatherOf(data, origin).map((row) => [p, row.hour, origin, row] as const)
    await send('weather', typeOf('weather'), weather)
    const flights = flightsOf(data, origin).map((row) => [p, writtenAt(row), origin, row] as const)
    await send('flights', typeOf('flight'), flights)
  }
  await producer.close()
}

interface Settings extends Record<string, string> {
  readonly NAME: string
  readonly STATE_DIR: string
}

/** Until nothing comes any more. */
async function serve(broker: Broker, env: Settings): Promise<void> {
  const service = new ServiceProcess(FILE, env)
  const outputs = async (): Promise<number> => {
    const ends = await broker.admin.offsets(`${env.NAME}.enriched`, 'stable')
    return [...ends.values()].reduce((sum, end) => sum + end, 0)
  }
  try {
    await service.ready()
    const until = performance.now() + MOST_MS
    let last = -1
    let since = performance.now()
    for (;;) {
      service.check()
      const now = await outputs()
      const { lag } = await service.usage()
      if (now !== last || lag > 0) since = performance.now()
      last = now
      if (performance.now() - since > QUIET_MS) break
      if (performance.now() > until) throw new Error(`${lag} records are still to be taken`)
      await sleep(500)
    }
    const code = await service.stop()
    if (code !== 0) throw new Error(`The service has ended with ${code}`)
  } finally {
    service.kill()
  }
}

/** Rows that are missing, doubled or wrong. */
async function compare(
  broker: Broker,
  env: Settings,
  expected: ReadonlyMap<number, { readonly text: string; readonly partition: number }>,
): Promise<string[]> {
  const schema = execFileSync(process.execPath, ['dist/main.js', 'output-schema', FILE], {
    env: { ...process.env, ...env },
  })
  const type = avsc.Type.forSchema(JSON.parse(schema.toString()))
  const faults: string[] = []
  const came = new Set<number>()
  await readAll(broker, `${env.NAME}.enriched`, ({ partition, key, value, timestamp }) => {
    const row = type.fromBuffer(value!.subarray(FRAME.length)) as {
      id: number
      scheduled: number
      origin: string
    }
    const text = JSON.stringify(row)
    const due = expected.get(row.id)
    if (came.has(row.id)) faults.push(`doubled: ${text}`)
    else if (text !== due?.text) faults.push(`wrong: ${text}, due ${due?.text}`)
    const isPlaced = partition === due?.partition && timestamp === row.scheduled
    if (!isPlaced || String(key) !== row.origin) {
      faults.push(`on ${partition} as ${key} at ${timestamp}: ${text}`)
    }
    came.add(row.id)
  })
  for (const [id, { text }] of expected) if (!came.has(id)) faults.push(`missing: ${text}`)
  await readAll(broker, `${env.NAME}.enriched.rejects`, ({ value }) => {
    faults.push(`rejected: ${value?.toString('latin1')}`)
  })
  return faults
}

async function run(
  address: string,
  broker: Broker,
  data: Flights,
  hours: number,
): Promise<boolean> {
  const expected = new Map<number, { text: string; partition: number }>()
  const counts = { late: 0, closed: 0, matched: 0 }
  for (const [partition, origin] of ORIGINS.entries()) {
    const flights = flightsOf(data, origin)
    const { readings, late, closed } = join(flights, weatherOf(data, origin), hours * HOUR_MS)
    counts.late += late
    counts.closed += closed
    counts.matched += readings.size
    for (const flight of flights) {
      const text = JSON.stringify(rowOf(data, flight, readings.get(flight.id)))
      expected.set(flight.id, { text, partition })
    }
  }
  const env = {
    KAFKA_BROKERS: address,
    TAG,
    NAME: `${TAG}-${hours * 60}m`,
    GRACE: `${hours * 60}m`,
    STATE_DIR: mkdtempSync(joinPath(tmpdir(), 'stream-enricher-flights-')),
    HTTP_PORT: String(await freePort()),
  }
  try {
    const start = performance.now()
    await serve(broker, env)
    const seconds = Math.round((performance.now() - start - QUIET_MS) / 1000)
    const faults = await compare(broker, env, expected)
    const { late, closed, matched } = counts
    console.log(
      `grace ${env.GRACE}: ${expected.size} rows due (${matched} with weather, ${closed} of them when they had closed; ${late} late), ${seconds} s; ${faults.length} faults`,
    )
    for (const fault of faults.slice(0, 10)) console.log(`  ${fault}`)
    return faults.length === 0
  } finally {
    rmSync(env.STATE_DIR, { recursive: true, force: true })
  }
}

const data = readFlights()
const unnamed = data.flights.filter(({ tailnum }) => tailnum === null).length
const unknown = data.flights.filter(({ tailnum }) => tailnum !== null && !data.planes.has(tailnum))
console.log(
  `${data.flights.length} flights, ${unnamed} without a tail number, ${unknown.length} of planes that have no row`,
)
const address = await testBroker()
const broker = await connect(address)
await load(address, broker, data)
const results: boolean[] = []
for (const hours of [26, 0.5]) results.push(await run(address, broker, data, hours))
await broker.close()
process.exit(results.every((isRight) => isRight) ? 0 : 1)
