/** What check says of the last records: how many facts find a row and a match, and where none does, why and what to write. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { partitionOf } from '../../src/broker/partition-of.ts'
import type { Broker } from '../../src/broker/port.ts'
import { testBroker } from '../support/kafka.ts'
import { connect, createTopic, deleteTopics, PlainProducer } from '../support/topics.ts'

const COUNT = 400
const PARTITIONS = 2
const HOUR = 3_600_000
const tag = `shares-${process.pid}`
const now = Date.now()
const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
const topic = (name: string): string => `${tag}.${name}`
const TOPICS = ['orders', 'payments', 'quoted', 'padded', 'countries', 'buyers', 'products']

let address: string
let broker: Broker
let producer: PlainProducer

function put(name: string, key: string, value: object, at: number): void {
  const bytes = Buffer.from(key)
  const text = Buffer.from(JSON.stringify(value))
  producer.put(topic(name), partitionOf(bytes, PARTITIONS), at, bytes, text)
}

before(async () => {
  address = await testBroker()
  broker = await connect(address)
  for (const name of TOPICS) await createTopic(broker, topic(name), PARTITIONS)
  producer = new PlainProducer(address)
  await producer.connect(TOPICS.map(topic))
  for (let i = 1; i <= COUNT; i++) {
    const at = now - 5 * HOUR + i * 1000
    const order = {
      ...{ order_id: `o${i}`, customer_id: i, buyer_no: 5000 + i, product: `p${i}` },
      ...{ ship_to: { country: i % 2 === 0 ? 'de' : 'se' }, at: Math.floor(at / 1000) },
    }
    put('orders', `o${i}`, order, at)
    put('payments', `o${i}`, { order_id: `o${i}`, amount: i }, at + 3 * HOUR)
    put('quoted', `"${i}"`, { name: `c${i}` }, now)
    put('padded', String(i).padStart(6, '0'), { grade: i }, now)
    put('buyers', String(5000 + i), { buyer: `b${i}` }, now)
    if (i % 100 > 0) put('products', `p${i}`, { title: `t${i}` }, now)
  }
  for (const country of ['DE', 'SE', 'NO']) put('countries', country, { land: country }, now)
  await producer.flush()
  const type = (properties: object): string => JSON.stringify({ type: 'object', properties })
  const text = { type: 'string' }
  const number = { type: 'integer' }
  const schemas = {
    order: {
      ...{ order_id: text, customer_id: number, buyer_no: number, product: text, at: number },
      ship_to: { type: 'object', properties: { country: text } },
    },
    payment: { order_id: text, amount: number },
    quoted: { name: text },
    padded: { grade: number },
    country: { land: text },
    buyer: { buyer: text },
    product: { title: text },
  }
  for (const [name, properties] of Object.entries(schemas)) {
    writeFileSync(join(folder, `${name}.json`), type(properties))
  }
})

after(async () => {
  await producer.close()
  await broker.close()
  await deleteTopics(address, TOPICS.map(topic))
  rmSync(folder, { recursive: true, force: true })
})

function checked(more: { time?: string; fields?: string; dimensions?: string; join?: string }): {
  status: number | null
  stdout: string
} {
  const { time = '{ field: at, unit: s }', fields = '', dimensions = '', join: joined = '' } = more
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(
    file,
    `
name: ${tag}-job
kafka: { brokers: "${address}" }
facts: { topic: ${topic('orders')}, format: json, schema: ./order.json, time: ${time}${fields} }
${dimensions}
${joined}
output: { topic: ${topic('enriched')}, format: json }
state: { dir: ${folder}/state }
`,
  )
  return spawnSync(process.execPath, ['dist/main.js', 'check', file], { encoding: 'utf8' })
}

const DIMENSIONS = (more: Readonly<Record<string, string>>): string =>
  `dimensions:\n${Object.entries(more)
    .map(([name, of]) => `  ${name}: { format: json, schema: ./${name}.json, ${of} }`)
    .join('\n')}`

const FINE = `topic: ${topic('products')}, on: product`

/** The line of a finding, without what the test calls its topics. */
const lineOf = (stdout: string, start: RegExp): string => {
  const lines = stdout
    .replaceAll(`${tag}.`, '')
    .replace(/\n +→ /g, ' → ')
    .split('\n')
  return lines.find((line) => start.test(line)) ?? stdout
}

const BY_CUSTOMER = 'customer_id is \\d+ \\(long\\), the key is'

test('of a number and text, padded text, other letters and another column check names both sides and what to write', () => {
  const { status, stdout } = checked({
    dimensions: DIMENSIONS({
      quoted: `topic: ${topic('quoted')}, on: customer_id`,
      padded: `topic: ${topic('padded')}, on: customer_id`,
      country: `topic: ${topic('countries')}, on: ship_to.country`,
      buyer: `topic: ${topic('buyers')}, on: customer_id`,
      product: FINE,
    }),
  })
  assert.equal(status, 1)
  const none = '0 of the last 400 facts find a row of'
  assert.match(
    lineOf(stdout, /look-up quoted/),
    RegExp(
      `^✗ .*${none} quoted: ${BY_CUSTOMER} "\\\\"\\d+\\\\"" .*quotes\\) → write keyFormat: json$`,
    ),
  )
  assert.match(
    lineOf(stdout, /look-up padded/),
    RegExp(
      `^✗ .*${none} padded: ${BY_CUSTOMER} "0+\\d+": .*zeros .* → write fields: .*under facts`,
    ),
  )
  assert.match(
    lineOf(stdout, /look-up country/),
    RegExp(`^✗ .*${none} countries: .*is "(de|se)" \\(text\\), the key is "(DE|SE)": .*upperAscii`),
  )
  assert.match(
    lineOf(stdout, /look-up buyer/),
    RegExp(`^! .*${none} buyers: buyer_no of 400 facts is .* → write buyer_no in place of cust`),
  )
  assert.match(
    lineOf(stdout, /look-up product/),
    /^✓ .*396 of the last 400 facts find a row of products; 4 find none, as "p\d00" \(text\)$/,
  )
  assert.match(lineOf(stdout, /time .*have a time/), /^✓ .*orders: 400 of the last 400 records/)
})

test('what check says to write has every fact find its row', () => {
  const { stdout } = checked({
    fields: `, fields: { padded_key: '"000000".substring(size(string(customer_id))) + string(customer_id)', country_key: ship_to.country.upperAscii() }`,
    dimensions: DIMENSIONS({
      quoted: `topic: ${topic('quoted')}, on: customer_id, keyFormat: json`,
      padded: `topic: ${topic('padded')}, on: padded_key`,
      country: `topic: ${topic('countries')}, on: country_key`,
      buyer: `topic: ${topic('buyers')}, on: buyer_no`,
    }),
  })
  for (const name of ['quoted', 'padded', 'country', 'buyer']) {
    assert.match(
      lineOf(stdout, RegExp(`look-up ${name}`)),
      /^✓ .*400 of the last 400 facts find a row of \w+$/,
    )
  }
})

const payments = (within: string): string =>
  `join: { topic: ${topic('payments')}, format: json, schema: ./payment.json, on: order_id, select: [amount], within: ${within} }`

test('payments that are 3 h later than the window reaches are told so, and within it all of them match', () => {
  const dimensions = DIMENSIONS({ product: FINE })
  const late = checked({ dimensions, join: payments('{ before: 0s, after: 15m }') })
  assert.match(
    lineOf(late.stdout, /^. join /),
    /^! .*0 of the last 400 facts have a record of payments within the window; 400 have one outside of it, payments is 3h later.*: within\.after is 15m → .*join\.within\.after as long$/,
  )
  const { stdout } = checked({ dimensions, join: payments('{ before: 0s, after: 4h }') })
  assert.match(
    lineOf(stdout, /^. join /),
    /^✓ .*400 of the last 400 facts have a record of payments within the window$/,
  )
})

test('seconds that are read as milliseconds fail, with the line to write', () => {
  const { status, stdout } = checked({ time: 'at', dimensions: DIMENSIONS({ product: FINE }) })
  assert.equal(status, 1)
  assert.match(
    lineOf(stdout, /^. time /),
    /^✗ .*at is read in milliseconds, and of 400 of the last 400 .* → write time: \{ field: at, unit: s \}/,
  )
})
