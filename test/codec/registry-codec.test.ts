import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { RegistryCodec } from '../../src/codec/registry/codec.ts'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { outputFrame } from '../../src/plan/pipeline-codec.ts'

const order: AvroRecordSchema = {
  type: 'record',
  name: 'Order',
  fields: [{ name: 'id', type: 'long' }],
}
const plan = { select: [], keys: ['id'], time: null }

function codecOf(schemas: ReadonlyMap<number, unknown>) {
  const asked: number[] = []
  const registry = {
    url: 'http://registry',
    type: 'confluent',
    useId: null,
    async byId(id: number) {
      asked.push(id)
      return schemas.get(id)
    },
  }
  const codec = new RegistryCodec(registry as unknown as Registry, order, plan, null)
  /** As a task does: what is not known is loaded, and asked for again. */
  const answer = async (id: number): Promise<string> => {
    const value = outputFrame(id)
    const first = codec.reader(value, 0, value.length, 0, 0)
    if (first === null) await codec.load(value, 0, value.length, 0, 0)
    const reader = first ?? codec.reader(value, 0, value.length, 0, 0)
    return typeof reader === 'string' ? `${reader}: ${codec.fault}` : 'read'
  }
  return { answer, asked }
}

test('what a schema cannot be read as is said once, and remembered', async () => {
  const other = { ...order, name: 'OrderCancelled', namespace: 'shop' }
  const { answer, asked } = codecOf(
    new Map<number, unknown>([
      [1, other],
      [2, { ...order, fields: [{ name: 'id', type: 'nothing' }] }],
      [3, null],
    ]),
  )
  for (let i = 0; i < 2; i++) {
    const cannot = (id: number, why: string): string =>
      `incompatible_schema: The schema ${id} cannot be read as Order: ${why}`
    assert.equal(
      await answer(1),
      cannot(1, 'it is a shop.OrderCancelled; the pipeline reads Order'),
    )
    assert.equal(await answer(2), cannot(2, 'the field id: there is no type nothing'))
    assert.equal(await answer(3), cannot(3, 'it is not an Avro record'))
  }
  assert.deepEqual(asked, [1, 2, 3])
})
