/** A data set that is nothing like the orders: three keys in all, nullable fields, times out of order. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import { createTopic, type ReadRecord, readAll } from '../support/topics.ts'
import { type ModelRecord, naiveJoin } from '../window/model.ts'
import { Orders } from './orders.ts'

const AT = 1_750_000_000_000
const KEYS = ['FRA', 'JFK', 'ÅÄÖ']
const PARTITIONS = 2
const FACTS = 3000
const RIGHT = 900
/** The flight whose look-up field is null. */
const NO_CARRIER = FACTS
const TIMES = { beforeMs: 2000, afterMs: 9000, graceMs: 1000 }

const flight = {
  type: 'record',
  name: 'Flight',
  namespace: 'air',
  fields: [
    { name: 'id', type: 'int' },
    { name: 'airport', type: ['null', 'string'], default: null },
    { name: 'seats', type: { type: 'map', values: ['null', 'int'] } },
    { name: 'carrier', type: ['null', 'long'], default: null },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
    { name: 'legs', type: { type: 'array', items: 'Leg' } },
  ],
}
const leg = { type: 'record', name: 'Leg', fields: [{ name: 'to', type: 'string' }] }
flight.fields[5].type = { type: 'array', items: leg as unknown as string }
const weather = {
  type: 'record',
  name: 'Weather',
  fields: [
    { name: 'station', type: { type: 'enum', name: 'Station', symbols: ['FRA', 'JFK'] } },
    { name: 'wind', type: ['null', 'double'], default: null },
    { name: 'id', type: 'int' },
    { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
    { name: 'code', type: 'string' },
  ],
}
const carrier = {
  type: 'record',
  name: 'Carrier',
  fields: [{ name: 'name', type: ['string', 'null'] }],
}

const framed = (type: avsc.Type, value: object): Buffer =>
  Buffer.concat([Buffer.from([0, 0, 0, 0, 9]), type.toBuffer(value)])
const typeOf = (schema: object): avsc.Type => avsc.Type.forSchema(schema as avsc.Schema)

function pipeline(orders: Orders, kind: 'inner' | 'left', address: string): string {
  const { folder } = orders
  const schemas = { flight, weather, carrier }
  for (const [name, schema] of Object.entries(schemas)) {
    writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(schema))
  }
  const file = join(folder, 'air.yaml')
  writeFileSync(
    file,
    `name: ${orders.topic('air')}
kafka: { brokers: "${address}" }
facts: { topic: ${orders.topic('flights')}, schema: flight.avsc, time: at }
dimensions:
  carrier:
    topic: ${orders.topic('carriers')}
    schema: carrier.avsc
    keyFormat: long
    on: carrier
    select: { carrier_name: name }
join:
  topic: ${orders.topic('weather')}
  schema: weather.avsc
  on: { left: airport, right: code }
  time: at
  within: { before: 2s, after: 9s }
  grace: 1s
  kind: ${kind}
  idle: 3s
  select: { wind: wind, weather_id: id, weather_at: at }
output: { topic: ${orders.topic('out')}, schemaId: 10, rejects: ${orders.topic('bad')} }
state: { dir: "${join(folder, kind)}" }
http: { port: 0 }
`,
  )
  return file
}

/** Event times that go up, with steps back that are less than the grace. */
function records(): ModelRecord[] {
  const list: ModelRecord[] = []
  for (const [side, count] of [FACTS, RIGHT].entries()) {
    for (let id = 0; id < count; id++) {
      const back = (id * 7919) % 11 === 0 ? ((id * 104729) % 8) * 100 : 0
      const time = AT + Math.floor((id * 40_000) / count) - back
      list.push({ side, id, time, key: KEYS[(id * 31) % 3] })
    }
  }
  list.push({ side: 0, id: NO_CARRIER, time: AT + 40_000, key: 'FRA' })
  return list
}

const outputSchema = (file: string): object =>
  JSON.parse(String(execFileSync(process.execPath, ['dist/main.js', 'output-schema', file])))

async function send(orders: Orders, list: readonly ModelRecord[]): Promise<number> {
  const { producer } = orders
  const [flights, stations, carriers] = [flight, weather, carrier].map(typeOf)
  const key = Buffer.alloc(8)
  key.writeBigInt64BE(-7n)
  producer.put(orders.topic('carriers'), 0, AT, key, framed(carriers, { name: 'X' }))
  await producer.flush()
  for (const { side, id, time, key: code } of list) {
    const common = { id, at: time }
    const value =
      side === 0
        ? framed(flights, {
            ...common,
            at: time * 1000,
            airport: code,
            seats: { a: id, b: null },
            carrier: id === NO_CARRIER ? null : id % 2 === 0 ? -7 : id,
            legs: [{ to: 'x' }, { to: 'y' }],
          })
        : framed(stations, {
            ...common,
            at: time,
            station: 'JFK',
            wind: id % 2 ? null : id,
            code,
          })
    const topic = orders.topic(side === 0 ? 'flights' : 'weather')
    producer.put(topic, KEYS.indexOf(code) % PARTITIONS, AT - 1, Buffer.from(code), value)
  }
  const nothing = {
    id: 0,
    at: (AT + 40_000) * 1000,
    airport: null,
    seats: {},
    carrier: null,
    legs: [],
  }
  const bad: [Buffer | null, object][] = [
    [null, nothing],
    [Buffer.from('FRA'), nothing],
    [Buffer.from('FRA'), { ...nothing, airport: 'JFK' }],
    // By days ahead of the clock: it must not make the others late, nor the broker refuse the epoch.
    [Buffer.from('FRA'), { ...nothing, airport: 'FRA', carrier: 1, at: (Date.now() + 1e9) * 1000 }],
  ]
  for (const [k, value] of bad) {
    producer.put(orders.topic('flights'), 0, AT, k, framed(flights, value))
  }
  await producer.flush()
  return bad.length
}

for (const kind of ['inner', 'left'] as const) {
  test(`three hot keys, nulls and times out of order come out as a nested loop joins them (${kind})`, async () => {
    const orders = await Orders.create({ dimensions: false })
    try {
      const names = ['flights', 'weather', 'carriers', 'out', 'bad'].map((n) => orders.topic(n))
      for (const name of names) await createTopic(orders.broker, name, PARTITIONS)
      await orders.producer.connect(names)
      const list = records()
      const bad = await send(orders, list)
      const byTime = [...list].sort((a, b) => a.time - b.time)
      const expected = naiveJoin(byTime, { ...TIMES, kind })
      const file = pipeline(orders, kind, orders.env().KAFKA_BROKERS)
      const service = orders.start({}, file)
      const type = typeOf(outputSchema(file))
      let out: ReadRecord[] = []
      for (let tries = 0; tries < 100 && out.length < expected.length; tries++) {
        await sleep(300)
        out = []
        await readAll(orders.broker, orders.topic('out'), (record) => out.push(record))
      }
      const pairs = out.map(({ value }) => {
        const { id, weather_id } = type.fromBuffer(value!.subarray(5))
        return `${id}-${weather_id ?? ''}`
      })
      assert.deepEqual(pairs.sort(), expected.sort())
      const rejects: ReadRecord[] = []
      await readAll(orders.broker, orders.topic('bad'), (record) => rejects.push(record))
      assert.equal(rejects.length, bad)
      assert.equal(await service.stop(), 0)
    } finally {
      await orders.close()
    }
  })
}
