import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { JOIN_KINDS } from '../../src/config/join-kind.ts'
import { loadPipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { compilePipeline } from '../../src/plan/compile.ts'
import type { TopicSchemas } from '../../src/plan/output-plan.ts'
import { derive, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { LAYOUTS } from '../codec/layout-schemas.ts'

const example = loadPipeline('examples/orders/pipeline.yaml', {})
/** The layout that release 0.1 had for the example. */
const EXAMPLE = 'e53cb6687c153edc'

type Change = (text: string) => string

/** Every place of the schemas' JSON that matches is replaced. */
const changed = (schemas: TopicSchemas, change: Change): TopicSchemas =>
  JSON.parse(change(JSON.stringify(schemas)))

const layoutsWith = (pipeline: Pipeline, schemas: TopicSchemas): readonly string[] =>
  derive(pipeline, schemas).layouts
const layoutOf = (pipeline: Pipeline, schemas: TopicSchemas): string =>
  layoutsWith(pipeline, schemas)[0]

test('a layout of release 0.1 is a name of the layout that its schemas have now', async () => {
  for (const [name, pipeline, schemas, first] of LAYOUTS) {
    assert.equal(layoutsWith(pipeline, schemas)[1], first, name)
  }
  assert.equal(layoutsWith(example, await readSchemas(example, null))[1], EXAMPLE)
})

test('a window that release 0.1 stored is gone on with under its name, others under the new one', async () => {
  const before = [{ layout: EXAMPLE, schemaIds: [0, 0, 0, 0] }]
  const compiled = await compilePipeline(example, null, before)
  assert.deepEqual([compiled.layout, compiled.codec.layout], [EXAMPLE, EXAMPLE])
  const first = await compilePipeline(example, null, [])
  assert.equal(first.codec.layout, first.layout)
  assert.notEqual(first.layout, EXAMPLE)
  assert.equal((await compilePipeline(example, null, [first])).layout, first.layout)
})

test('each kind of join has a layout of its own, which for inner and left ones is that of before there were others', async () => {
  const layouts = new Map<string, string>()
  for (const kind of JOIN_KINDS) {
    const pipeline = loadPipeline('examples/orders/pipeline.yaml', { JOIN_KIND: kind })
    const schemas = await readSchemas(pipeline, null)
    layouts.set(kind, layoutOf(pipeline, schemas))
    const joins = [{ ...pipeline.joins[0], headers: 'merge' }] as const
    assert.equal(layoutOf({ ...pipeline, joins }, schemas), layouts.get(kind), 'any headers')
  }
  assert.equal(layouts.get('inner'), '8eabb1c430df2528')
  assert.equal(layouts.get('left'), 'cddb032bf9920519')
  assert.equal(new Set(layouts.values()).size, JOIN_KINDS.length)
})

test('docs, defaults, aliases and namespaces are not in the layout', () => {
  const changes: readonly (readonly [string, Change])[] = [
    ['another doc', (text) => text.replaceAll('The key.', 'Another.').replaceAll('far', 'near')],
    ['no doc', (text) => text.replaceAll(/,"doc":"[^"]*"/g, '')],
    ['no default', (text) => text.replaceAll(/,"default":("[^"]*"|null|\d+)/g, '')],
    ['Connect’s default', (text) => text.replaceAll(/,"connect.default":("[^"]*"|\d+)/g, '')],
    ['no alias', (text) => text.replaceAll(/,"aliases":\[[^\]]*\]/g, '')],
    ['another namespace', (text) => text.replaceAll('"shop"', '"store"').replaceAll('crm', 'c.r')],
    ['another record', (text) => text.replaceAll('"name":"Order"', '"name":"PlacedOrder"')],
    ['types without attributes', (text) => text.replaceAll('{"type":"string"}', '"string"')],
  ]
  for (const [name, pipeline, schemas] of LAYOUTS) {
    for (const [what, change] of changes) {
      const other = changed(schemas, change)
      assert.equal(layoutOf(pipeline, other), layoutOf(pipeline, schemas), `${name}, ${what}`)
    }
  }
})

test('what the bytes say, and mean, is in the layout', () => {
  const [, pipeline, schemas] = LAYOUTS[1]
  const changes: readonly (readonly [string, Change])[] = [
    ['a symbol more', (text) => text.replace('["A","B"]', '["A","B","C"]')],
    ['symbols in another order', (text) => text.replace('["A","B"]', '["B","A"]')],
    ['branches in another order', (text) => text.replace('["string","int"]', '["int","string"]')],
    ['another unit', (text) => text.replace('timestamp-micros', 'timestamp-millis')],
    [
      'another type',
      (text) => text.replace('"customer_id","type":"long"', '"customer_id","type":"int"'),
    ],
    ['another name of a field', (text) => text.replaceAll('placed_at', 'made_at')],
    ['a name that the registry would miss', (text) => text.replaceAll('Status', 'State')],
  ]
  const layouts = changes.map(([what, change]) => {
    const other = changed(schemas, change)
    assert.notDeepEqual(other, schemas, what)
    return layoutOf(pipeline, other)
  })
  assert.equal(new Set([...layouts, layoutOf(pipeline, schemas)]).size, changes.length + 1)
})

test('times that are read as something else make another layout, which release 0.1 had not', () => {
  const [, pipeline, schemas] = LAYOUTS[1]
  const timed = (timeUnit: Pipeline['facts']['timeUnit']): Pipeline => ({
    ...pipeline,
    facts: { ...pipeline.facts, time: 'customer_id', timeUnit },
  })
  const named = (name: string): TopicSchemas =>
    changed(schemas, (text) =>
      text.replace('"type":"long"', `"type":{"type":"long","connect.name":"${name}"}`),
    )
  const millis = layoutsWith(timed(null), schemas)
  assert.deepEqual(layoutsWith(timed('ms'), schemas), millis)
  assert.equal(millis.length, 2)
  const micros = layoutsWith(timed('us'), schemas)
  assert.equal(micros.length, 1)
  assert.notEqual(micros[0], millis[0])
  assert.equal(layoutsWith(timed(null), named('io.debezium.time.Timestamp')).length, 2)
  assert.equal(layoutsWith(timed(null), named('io.debezium.time.MicroTimestamp')).length, 1)
})

test('types that contain themselves, and one another many times, have a layout', () => {
  const [, pipeline, schemas] = LAYOUTS[1]
  const node = (name: string, inner: unknown): object => ({
    type: 'record',
    name,
    fields: [{ name: 'next', type: ['null', inner] }],
  })
  let deep: unknown = 'int'
  // Written out, this would be of 2^30 types.
  for (let i = 0; i < 30; i++) {
    const fields = [
      { name: 'a', type: deep },
      { name: 'b', type: i === 0 ? 'int' : `shop.T${i - 1}` },
    ]
    deep = { type: 'record', name: `T${i}`, namespace: 'shop', fields }
  }
  const withField = (type: unknown): TopicSchemas => {
    const facts = schemas.facts as AvroRecordSchema & { fields: object[] }
    return {
      ...schemas,
      facts: { ...facts, fields: [...facts.fields, { name: 'x', type }] } as never,
    }
  }
  const layouts = [deep, node('A', 'A'), node('A', node('B', 'A')), node('A', node('B', 'B'))]
    .map(withField)
    .map((of) => layoutOf(pipeline, of))
  assert.equal(new Set(layouts).size, 4)
})

test('the longest wait of its facts is part of the layout of a window; where nothing is joined facts are of one layout, whatever is waited for', async () => {
  const schemas = await readSchemas(example, null)
  const waiting = (...waits: number[]): Pipeline => ({
    ...example,
    joins: example.joins.map((join) => ({ ...join, waitMs: Math.max(...waits) })),
    dimensions: example.dimensions.map((one, d) => ({ ...one, waitMs: waits[d] })),
  })
  assert.equal(layoutOf(waiting(0, 0), schemas), layoutOf(example, schemas))
  assert.notEqual(layoutOf(waiting(5000, 0), schemas), layoutOf(example, schemas))
  assert.notEqual(layoutOf(waiting(5000, 0), schemas), layoutOf(waiting(6000, 0), schemas))
  assert.equal(layoutOf(waiting(5000, 0), schemas), layoutOf(waiting(2000, 5000), schemas))
  const alone = { ...waiting(5000, 0), joins: [] }
  const { layout, codec } = await compilePipeline(alone, null, [{ layout: 'facts', schemaIds: [] }])
  assert.equal(layout, 'facts')
  // What rows are stored as is another matter.
  assert.notEqual(codec.layout, layout)
})
