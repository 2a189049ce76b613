/** The output's schemas as a real registry judges them: one column more must stay compatible. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import fc from 'fast-check'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { Registry } from '../../src/codec/registry/registry.ts'
import { planOutput } from '../../src/plan/output-plan.ts'
import { pipelineWith } from '../support/pipeline.ts'
import { type RunningRegistry, registerProtobuf, startRegistry } from '../support/registry.ts'
import { REGISTRY } from '../support/registry-config.ts'

let running: RunningRegistry
let registry: Registry
before(async () => {
  running = await startRegistry()
  const config = { ...REGISTRY, url: running.url }
  registry = new Registry(config, { event: () => {} })
  const body = JSON.stringify({ compatibility: 'BACKWARD' })
  const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
  assert.ok((await fetch(`${running.url}/config`, { method: 'PUT', headers, body })).ok)
})
after(() => running.stop())

type Fields = readonly object[]
const record = (name: string, fields: Fields, more: object = {}): AvroRecordSchema =>
  ({ type: 'record', name, ...more, fields }) as unknown as AvroRecordSchema

/** The output's schema with these fields more in an input. */
function outputWith(side: 'facts' | 'customer' | 'payment', more: Fields, name = 'Order'): object {
  const fields = (of: typeof side): Fields => (of === side ? more : [])
  const key = { name: 'order_id', type: 'string' }
  return planOutput(pipelineWith(', kind: left'), {
    facts: record(name, [key, { name: 'customer_id', type: 'long' }, ...fields('facts')]),
    dimensions: [record('Customer', [{ name: 'name', type: 'string' }, ...fields('customer')])],
    rights: [record('Payment', [{ name: 'paid', type: 'int' }, ...fields('payment')])],
  }).schema
}

let subjects = 0
async function compare(earlier: object, later: object) {
  const subject = `s${subjects++}-value`
  await running.register(subject, earlier)
  const { subject: compared, ...comparison } = await registry.compare(
    subject,
    JSON.stringify(later),
  )
  assert.equal(compared, subject)
  return comparison
}

const DEFAULTS: readonly (readonly [type: unknown, value: unknown])[] = [
  ['int', 7],
  ['long', 2 ** 40],
  ['double', 0],
  ['boolean', true],
  ['string', 'x'],
  ['bytes', 'é'],
  [['null', 'string'], null],
  [['int', 'string'], 7],
  [{ type: 'array', items: 'int' }, [1]],
  [{ type: 'map', values: 'int' }, {}],
  [{ type: 'long', 'connect.name': 'io.debezium.time.MicroTimestamp', 'connect.default': 0 }, 0],
  [{ type: 'enum', name: 'E', symbols: ['A', 'B'], default: 'A' }, 'B'],
  [{ type: 'fixed', name: 'F', size: 1 }, 'x'],
  [{ type: 'record', name: 'R', fields: [{ name: 'a', type: 'int', default: 1 }] }, {}],
]
const fields = fc.array(fc.constantFrom(...DEFAULTS), { minLength: 1, maxLength: 6 }).map((list) =>
  list.map(([type, value], i) => {
    const named = typeof type === 'object' && 'name' in type! ? { ...type, name: `T${i}` } : type
    return { name: `f${i}`, type: named, default: value, aliases: [`g${i}`, 'order_id'] }
  }),
)

test('columns more, in facts with a default and from sides that may be missing, stay compatible', async () => {
  await fc.assert(
    fc.asyncProperty(
      fields,
      fc.constantFrom('facts', 'customer', 'payment'),
      async (more, side) => {
        const isNullable = ({ type }: { type: unknown }): boolean =>
          side === 'facts' || !Array.isArray(type) || type[0] === 'null'
        const taken = more.filter(isNullable)
        const { state } = await compare(outputWith(side, []), outputWith(side, taken))
        assert.equal(state, taken.length === 0 ? 'registered' : 'compatible')
      },
    ),
    { numRuns: 25 },
  )
})

const incompatible = (change: string) => ({
  ...{ state: 'incompatible', level: 'BACKWARD' },
  ...{ changes: [change], reason: '' },
})

test('one without a default is refused, and the field is named', async () => {
  const cases = [
    ['facts', { name: 'extra', type: 'int' }],
    ['customer', { name: 'extra', type: ['string', 'null'], default: 'x' }],
    ['payment', { name: 'extra', type: ['string', 'int'], default: 'x' }],
  ] as const
  for (const [side, field] of cases) {
    const answer = await compare(outputWith(side, []), outputWith(side, [field]))
    assert.deepEqual(answer, incompatible('extra is new, and has no default'))
  }
  const was = outputWith('facts', [{ name: 'n', type: 'string' }])
  const is = outputWith('facts', [{ name: 'n', type: 'int' }])
  assert.deepEqual(await compare(was, is), incompatible('n was "string", and is "int"'))
})

test('the output of release 0.1, without defaults or its namespace, is followed by that of now', async () => {
  const more = DEFAULTS.slice(0, 6).map(([type, value], i) => ({
    name: `f${i}`,
    type,
    default: value,
  }))
  const now = outputWith('facts', more, 'com.shop.Order') as AvroRecordSchema & { fields: object[] }
  const { namespace, ...rest } = now
  assert.equal(namespace, 'com.shop')
  const bare = rest.fields.map(({ name, type }) => ({ name, type }))
  assert.equal((await compare({ ...rest, fields: bare }, now)).state, 'compatible')
})

test('by a transitive level every version counts, and not the latest alone', async () => {
  const subject = `s${subjects++}-value`
  const versions = [outputWith('facts', [{ name: 'n', type: 'string' }]), outputWith('facts', [])]
  for (const version of versions) await running.register(subject, version)
  const later = JSON.stringify(outputWith('facts', [{ name: 'n', type: 'int', default: 0 }]))
  const stateBy = async (compatibility: string) => {
    const body = JSON.stringify({ compatibility })
    const headers = { 'content-type': 'application/vnd.schemaregistry.v1+json' }
    const answer = await fetch(`${running.url}/config/${subject}`, { method: 'PUT', headers, body })
    assert.ok(answer.ok)
    const comparison = await registry.compare(subject, later)
    assert.ok('level' in comparison)
    return [comparison.state, comparison.level, ...comparison.changes]
  }
  assert.deepEqual(await stateBy('BACKWARD'), ['compatible', 'BACKWARD', 'n is new'])
  const transitive = 'BACKWARD_TRANSITIVE'
  assert.deepEqual(await stateBy(transitive), ['incompatible', transitive, 'n is new'])
})

test('a field that was renamed with an alias stays compatible', async () => {
  const was = outputWith('facts', [{ name: 'total', type: 'int' }])
  const is = outputWith('facts', [{ name: 'amount', type: 'int', aliases: ['total'] }])
  assert.equal((await compare(was, is)).state, 'compatible')
})

test('of an output in Protobuf the fields are named by which it differs, whatever the registry thinks of them', async () => {
  const message = (fields: string): string =>
    `syntax = "proto3"; package shop; import "google/protobuf/timestamp.proto"; message Out { ${fields} }`
  const subject = `s${subjects++}-value`
  const was = message('string id = 1; optional int64 n = 2; google.protobuf.Timestamp at = 3;')
  await registerProtobuf(running.url, subject, was)
  const of = async (fields: string) => registry.compare(subject, message(fields), 'PROTOBUF')
  const [more, other] = [
    await of('string id = 1; optional int64 n = 2; google.protobuf.Timestamp at = 3; bool b = 4;'),
    await of('string id = 1; optional string n = 2; reserved 3; reserved "at";'),
  ]
  assert.deepEqual(
    [more, other].map((one) => 'changes' in one && [one.state, one.changes]),
    [
      ['compatible', ['b is new']],
      ['incompatible', ['n was optional int64, and is optional string', 'at is gone']],
    ],
  )
  assert.equal((await registry.compare(subject, was, 'PROTOBUF')).state, 'registered')
})
