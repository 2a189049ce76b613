/** Joins by fields inside of records, in test cases: in each format, keyed by them and carried, of facts, rows and earlier joins. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compare } from '../../../src/cli/simulate/compare.ts'
import { loadFixture } from '../../../src/cli/simulate/fixture.ts'
import { Simulation } from '../../../src/cli/simulate/simulation.ts'
import { readSchemas } from '../../../src/plan/pipeline-codec.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-joined-inside-'))
after(() => rmSync(folder, { recursive: true }))

/** Of each topic: the field around, and the record in it, whose fields are texts; and a field beside it. */
const TOPICS = {
  orders: ['meta', ['order_id', 'station_id'], 'note'],
  payments: ['ref', ['payment_id', 'order_id'], 'amount'],
  refunds: ['of', ['payment_id'], 'reason'],
  stations: ['address', ['street', 'zone'], 'name'],
  weather: ['place', ['zone'], 'sky'],
} as const

for (const [topic, [around, inner, beside]] of Object.entries(TOPICS)) {
  const text = (name: string) => ({ name, type: 'string' })
  const record = { type: 'record', name: 'Inner', fields: inner.map(text) }
  const fields = [text(beside), { name: around, type: ['null', record] }]
  writeFileSync(
    join(folder, `${topic}.avsc`),
    JSON.stringify({ type: 'record', name: 'Outer', fields }),
  )
  const numbered = inner.map((name, i) => `string ${name} = ${i + 1};`).join(' ')
  writeFileSync(
    join(folder, `${topic}.proto`),
    `syntax = "proto3"; message Outer { string ${beside} = 1; Inner ${around} = 2; } message Inner { ${numbered} }`,
  )
}

const CASES = `
pipeline: FORMAT.yaml
dimensions:
  station: [ { key: s1, value: { name: North, address: { street: Quay, zone: z1 } } }, { key: s2, value: { name: South, address: null } } ]
cases:
  - name: an order meets what its payment, its station and it itself lead to
    given:
      - right: { join: weather, value: { sky: clear, place: { zone: z1 } } }
      - fact: { value: { note: one, meta: { order_id: o1, station_id: s1 } } }
      - fact: { value: { note: two, meta: { order_id: o2, station_id: s2 } } }
      - fact: { key: o3, value: { note: three, meta: null } }
      - right: { join: payment, value: { amount: "5", ref: { payment_id: p1, order_id: o1 } } }
      - right: { join: payment, value: { amount: "6", ref: { payment_id: p2, order_id: o2 } } }
      - right: { join: refund, value: { reason: broken, of: { payment_id: p1 } } }
      - wait: 2h
    expect:
      outputs:
        - { key: z1, contains: { note: one, amount: "5", reason: broken, sky: clear } }
      unmatched:
        - { key: null, contains: { note: two, amount: "6", reason: null, sky: null } }
      rejects: [ { from: fact, key: o3, reason: null_field } ]
`

const pipelineText = (format: string, repartition: string): string => {
  const schema = (topic: string): string =>
    `topic: ${topic}, format: ${format}, schema: ${topic}.${format === 'protobuf' ? 'proto, type: Outer' : 'avsc'}`
  const join = 'kind: left, within: 60s, idle: 1h'
  return `
name: job
kafka: { brokers: "localhost:9092" }
facts: { ${schema('orders')}, select: [note] }
dimensions:
  station: { ${schema('stations')}, on: meta.station_id, select: { located: address } }
joins:
  payment: { ${schema('payments')}, on: { left: meta.order_id, right: ref.order_id }${repartition}, ${join}, select: { amount: amount, its: ref } }
  refund: { ${schema('refunds')}, on: { left: payment.ref.payment_id, right: of.payment_id }, repartition: facts, ${join}, select: [reason] }
  weather: { ${schema('weather')}, on: { left: station.address.zone, right: place.zone }, repartition: facts, ${join}, select: [sky] }
output: { topic: enriched, schemaId: 1 }
`
}

for (const format of ['avro', 'json', 'protobuf']) {
  for (const side of ['facts', 'right', 'both', null]) {
    test(`${format}, ${side === null ? 'keyed by what is compared' : `${side} carried`}: a join goes by a field inside of records`, async () => {
      const pipeline = pipelineText(format, side === null ? '' : `, repartition: ${side}`)
      writeFileSync(join(folder, `${format}.yaml`), pipeline)
      const file = join(folder, 'cases.yaml')
      writeFileSync(file, CASES.replace('FORMAT', format))
      const fixture = await loadFixture(file, {}, (its) => readSchemas(its, null))
      const simulation = await Simulation.open(fixture.pipeline, fixture.codec, fixture.clock)
      try {
        for (const step of fixture.cases[0].steps) await simulation.take(step)
        await simulation.end()
        assert.deepEqual(compare(fixture.cases[0].expected, simulation.effects), [])
      } finally {
        await simulation.close()
      }
    })
  }
}
