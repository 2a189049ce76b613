/** What a start makes of JSON without a schema: what is refused, and when a stored window is gone on with. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { compilePipeline } from '../../src/plan/compile.ts'
import { readSchemas } from '../../src/plan/pipeline-codec.ts'
import { CONFLUENT_NAMES } from '../support/registry-config.ts'

const HEAD = 'name: job\nkafka: { brokers: "localhost:9092" }\n'
const parse = (text: string): Pipeline => parsePipeline(HEAD + text, 'pipeline.yaml', {})

/** The sentences of a pipeline that does not start. */
async function faults(text: string): Promise<string[]> {
  const pipeline = parse(text)
  const error = await compilePipeline(pipeline, null, []).then(
    () => assert.fail('it starts'),
    (refused: Error) => refused,
  )
  return error.message.split('\n')
}

const INFER = /; write schema: `stream-enricher init` infers one from the topic’s records$/

test('what needs types, or the names of all members, is refused with its place and what to write', async () => {
  const [where, fields, envelope, select, ...others] = await faults(`
facts: { topic: orders, format: json, where: a > 1 }
dimensions:
  shop: { topic: shops, format: json, on: shop_id, select: [x], envelope: debezium }
  seller: { topic: sellers, format: json, on: seller_id }
join: { topic: payments, format: json, on: id, within: 1m, select: [x2], fields: { b: "1 + 1" } }
output: { topic: out, format: json }
`)
  assert.deepEqual(others, [])
  assert.match(
    where,
    /^pipeline\.yaml:4: facts\.where: orders is JSON without a schema, so its members have no types/,
  )
  assert.match(fields, /^pipeline\.yaml:8: join\.fields: payments is JSON without a schema/)
  assert.match(
    envelope,
    /^pipeline\.yaml:6: dimensions\.shop\.envelope: shops is JSON without a schema/,
  )
  assert.match(
    select,
    /^pipeline\.yaml:7: dimensions\.seller\.topic: .* has to be said with select/,
  )
  for (const one of [where, fields, envelope, select]) assert.match(one, INFER)
})

test('an output in Avro is refused, and so are members of which an output cannot know', async () => {
  const FACTS = 'facts: { topic: orders, format: json }\n'
  const avro = await faults(`${FACTS}output: { topic: out, schemaId: 1 }`)
  assert.deepEqual(avro.length, 1)
  assert.match(
    avro[0],
    /^pipeline\.yaml:4: output: facts is JSON without a schema \(orders\), so the output has no types for Avro; write format: json here/,
  )
  const unknown = await faults(`${FACTS}output: { topic: out, format: json, select: [a], key: b }`)
  for (const [i, name] of ['a', 'b'].entries()) {
    assert.ok(
      unknown[i].includes(
        `orders is JSON without a schema, so nobody knows of the member ${name}; name it under facts, with select`,
      ),
      unknown[i],
    )
  }
  const derived = await faults(
    `${FACTS}output: { topic: out, format: json, fields: { c: "1 + 1" } }`,
  )
  assert.match(derived[0], /may have the same name; write select beside it, or under facts$/)
  const SELECT = 'facts: { topic: orders, format: json, select: [a] }\n'
  const typed = await faults(`${SELECT}output: { topic: out, format: json, where: "a == 1" }`)
  assert.match(typed[0], /a cannot be read: it is JSON without a schema, so it has no type/)
})

const JOINED = `
facts: { topic: orders, format: json }
dimensions:
  shop: { topic: shops, format: json, on: shop.id, select: [title] }
join: { topic: payments, format: json, on: id, within: 1m, select: [amount], time: { field: at, unit: s } }
output: { topic: out, format: json }
`

test('the layout is the columns and the unit of times, and no other member that is named', async () => {
  const layoutOf = async (text: string): Promise<string> =>
    (await compilePipeline(parse(text), null, [])).layout
  const layout = await layoutOf(JOINED)
  for (const [from, to] of [
    ['on: shop.id', 'on: shop_id'],
    ['field: at', 'field: paid'],
  ]) {
    assert.equal(await layoutOf(JOINED.replace(from, to)), layout, to)
  }
  for (const [from, to] of [
    ['[title]', '{ name: title }'],
    ['[amount]', '[amount, method]'],
    ['unit: s', 'unit: ms'],
    ['format: json }\ndim', 'format: json, select: [id] }\ndim'],
  ]) {
    assert.notEqual(await layoutOf(JOINED.replace(from, to)), layout, to)
  }
})

/** A registry with JSON Schemas of these subjects. */
function registryOf(schemas: Readonly<Record<string, object>>): Registry {
  const subjects = Object.keys(schemas)
  const answerOf = (subject: string | undefined) =>
    subject === undefined
      ? undefined
      : {
          id: subjects.indexOf(subject) + 1,
          schema: JSON.stringify(schemas[subject]),
          schemaType: 'JSON',
        }
  const registry = {
    url: 'http://registry',
    ...CONFLUENT_NAMES,
    type: 'confluent',
    useId: null,
    latestAnswer: async (subject: string) => answerOf(subjects.find((one) => one === subject)),
    recordedAnswer: async (_topic: string, _type: string | null, id: number) =>
      answerOf(subjects[id - 1]),
  }
  return registry as unknown as Registry
}

const ORDER = {
  type: 'object',
  properties: {
    id: { type: 'string' },
    shop: { type: 'object', properties: { id: { type: 'string' } } },
  },
}

test('a registry’s schema is read where it has one, and a window that was stored without one goes on without', async () => {
  const pipeline = parse(`registry: { url: "http://registry" }\n${JOINED}`)
  const namesOf = ({ facts }: Awaited<ReturnType<typeof readSchemas>>): string[] =>
    facts.fields.map(({ name }) => name)
  assert.deepEqual(namesOf(await readSchemas(pipeline, registryOf({}))), ['shop', 'id', '...'])
  const later = registryOf({ 'orders-value': ORDER })
  assert.deepEqual(namesOf(await readSchemas(pipeline, later)), ['id', 'shop'])
  const before = await compilePipeline(pipeline, registryOf({}), [])
  const after = await compilePipeline(pipeline, later, [])
  assert.notEqual(after.layout, before.layout)
  const goesOn = await compilePipeline(pipeline, later, [before])
  assert.equal(goesOn.layout, before.layout)
  assert.deepEqual(
    goesOn.newer.map(({ topic, id, latestId, fault }) => [topic, id, latestId, fault]),
    [['orders', 0, 1, null]],
  )
  assert.equal((await compilePipeline(pipeline, later, [after])).layout, after.layout)
})
