import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { compilePipeline } from '../../src/plan/compile.ts'
import { pipelineWith } from '../support/pipeline.ts'
import { CONFLUENT_NAMES } from '../support/registry-config.ts'

const pipeline = pipelineWith(', select: [method]')
const schema = (name: string, fields: Record<string, string>): object => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
const order = { order_id: 'string', customer_id: 'long' }

/** By id; each topic's latest has the highest. */
class Schemas {
  readonly #all: readonly (readonly [subject: string, schema: object])[]

  constructor(more: readonly (readonly [string, object])[] = []) {
    this.#all = [
      ['orders-value', schema('Order', order)],
      ['payments-value', schema('Payment', { order_id: 'string', method: 'string' })],
      ['customers-value', schema('Customer', { name: 'string' })],
      ...more,
    ]
  }

  compile(stored: Parameters<typeof compilePipeline>[2]) {
    const registry = {
      url: 'http://registry',
      ...CONFLUENT_NAMES,
      type: 'confluent',
      useId: null,
      latest: async (subject: string) => {
        const i = this.#all.findLastIndex(([its]) => its === subject)
        return { id: i + 1, schema: this.#all[i][1] }
      },
      byId: async (id: number) => this.#all[id - 1]?.[1],
      recorded: async (_topic: string, _type: null, id: number) => this.#all[id - 1]?.[1],
    }
    return compilePipeline(pipeline, registry as unknown as Registry, stored)
  }
}

test('without a stored layout the latest schemas are compiled, and the layout names their ids', async () => {
  const { schemaIds, newer } = await new Schemas().compile([])
  assert.deepEqual([schemaIds, newer], [[1, 2, 3], []])
})

test('a stored layout keeps its schema and the output’s, and what is written with the newer one is read', async () => {
  const stored = await new Schemas().compile([])
  const added = new Schemas([['orders-value', schema('Order', { ...order, note: 'string' })]])
  const kept = await added.compile([stored])
  assert.deepEqual(kept.schemaIds, [1, 2, 3])
  assert.equal(kept.codec.outputSchema, stored.codec.outputSchema)
  assert.deepEqual(kept.newer, [{ topic: 'orders', id: 1, latestId: 4, fault: null }])
})

test('what is written with a newer schema that the stored one cannot read is known at the start', async () => {
  const stored = await new Schemas().compile([])
  const removed = new Schemas([['orders-value', schema('Order', { order_id: 'string' })]])
  const { layout, newer } = await removed.compile([stored])
  assert.equal(layout, stored.layout)
  assert.match(newer[0].fault!, /schema 4 cannot be read as Order: .*customer_id/)
})

test('a latest schema that cannot be used does not keep a stored window from going on', async () => {
  const stored = await new Schemas().compile([])
  const broken = { type: 'record', name: 'Order', fields: [{ name: 'a', type: 'nothing' }] }
  for (const [schemaOfIt, fault] of [
    [
      broken,
      /orders in the registry \(id 4\) cannot be used: the field a: there is no type nothing/,
    ],
    ['string', /it is not an Avro record/],
  ] as const) {
    const unusable = new Schemas([['orders-value', schemaOfIt as object]])
    const kept = await unusable.compile([stored])
    assert.deepEqual([kept.schemaIds, kept.layout], [[1, 2, 3], stored.layout])
    assert.deepEqual([kept.newer[0].id, kept.newer[0].latestId], [1, 4])
    assert.match(kept.newer[0].fault!, fault)
    await assert.rejects(unusable.compile([]), { code: 'SCHEMA_INVALID', message: fault })
    const gone = { layout: stored.layout, schemaIds: [99, 2, 3] }
    await assert.rejects(unusable.compile([gone]), { code: 'SCHEMA_INVALID' })
  }
})

test('of several layouts the first that the pipeline can have counts; where it can have none, the latest', async () => {
  const added = new Schemas([['orders-value', schema('Order', { ...order, note: 'string' })]])
  const [old, latest] = [await new Schemas().compile([]), await added.compile([])]
  const other = { layout: 'of another', schemaIds: [1, 2, 3] }
  assert.equal((await added.compile([other, old, latest])).layout, old.layout)
  assert.equal((await added.compile([other, latest, old])).layout, latest.layout)
  assert.equal((await added.compile([other])).layout, latest.layout)
  const gone = { layout: old.layout, schemaIds: [99, 2, 3] }
  assert.equal((await added.compile([gone])).layout, latest.layout)
})
