/** Several joins of one pipeline file: what they become, and what they may not be together. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { alikeTopics, inputTopics } from '../../src/config/topic-names.ts'
import { planOf } from '../../src/plan/plan.ts'

const parse = (joins: string, facts = ''): Pipeline =>
  parsePipeline(
    `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: { topic: orders${facts} }
${joins}
output: { topic: orders.shipped }
`,
    'pipeline.yaml',
    {},
  )

const TWO = `joins:
  payment: { topic: payments, on: order_id, within: 60s, kind: left }
  shipment: { topic: shipments, on: { left: order_id, right: ref }, within: { before: 0s, after: 7d }, ahead: 1m }`

test('joins are a list in the file’s order, and each has its name and its place', () => {
  const pipeline = parse(TWO)
  assert.deepEqual(
    pipeline.joins.map(({ name, path, onRight, kind }) => [name, path.join('.'), onRight, kind]),
    [
      ['payment', 'joins.payment', 'order_id', 'left'],
      ['shipment', 'joins.shipment', 'ref', 'inner'],
    ],
  )
  assert.deepEqual(inputTopics(pipeline), ['orders', 'payments', 'shipments'])
  assert.ok(alikeTopics(pipeline).includes('shipments'))
  const { sources, joins } = planOf(pipeline)
  assert.deepEqual(
    sources.map(({ topic, isKeyed, aheadKey }) => [topic, isKeyed, aheadKey]),
    [
      ['orders', true, 'joins.payment.ahead'],
      ['payments', true, 'joins.payment.ahead'],
      ['shipments', true, 'joins.shipment.ahead'],
    ],
  )
  assert.equal(joins.length, 2)
})

test('of several joins each side that is keyed otherwise has a stage, and a topic by its join’s name', () => {
  const { stages, sources } = planOf(
    parse(`joins:
  a: { topic: as, on: id, within: 1s, repartition: facts }
  b: { topic: bs, on: id, within: 1s }
  c: { topic: cs, on: id, within: 1s, repartition: right, idle: 7s }`),
  )
  assert.deepEqual(
    stages.map(({ topics, to }) => [...topics, '→', to?.topic ?? null, to?.idleMs]),
    [
      ['orders', '→', 'job-facts-repartition', 1000],
      ['cs', '→', 'job-c-repartition', 7000],
      ['job-facts-repartition', 'as', 'bs', 'job-c-repartition', '→', null, undefined],
    ],
  )
  assert.deepEqual(
    sources.map(({ topic, isKeyed }) => [topic, isKeyed]),
    [
      ...[['orders', false] as const, ['as', true], ['bs', true], ['cs', false]],
      ...[['job-facts-repartition', true] as const, ['job-c-repartition', true]],
    ],
  )
})

test('joins by different keys are stages, each with a changelog, and topics between them', () => {
  const { stages } = planOf(
    parse(`joins:
  a: { topic: as, on: id, within: 1s, kind: left }
  b: { topic: bs, on: { left: a.ref, right: id }, within: 1s, repartition: both, kind: left }
  c: { topic: cs, on: { left: a.ref, right: id }, within: 1s, kind: outer }
  d: { topic: ds, on: other, within: 1s, repartition: facts }`),
  )
  assert.deepEqual(
    stages.map(({ topics, to, firstJoin, joins, state }) => {
      return [topics.join(), to?.topic, to?.withoutKey, firstJoin, joins.length, state?.changelog]
    }),
    [
      ['orders,as', 'job-b-left-repartition', 'pass', 0, 1, 'job-window-changelog'],
      ['bs', 'job-b-repartition', 'reject', 0, 0, undefined],
      [
        ...['job-b-left-repartition,job-b-repartition,cs', 'job-d-left-repartition', 'drop'],
        ...[1, 2, 'job-window-2-changelog'],
      ],
      ['job-d-left-repartition,ds', undefined, undefined, 3, 1, 'job-window-3-changelog'],
    ],
  )
})

test('a right topic begins as far before the facts as the windows up to its own reach', () => {
  const at = Date.parse('2025-01-01T00:00:00Z')
  const joins = `joins:
  a: { topic: as, on: id, within: { before: 60s, after: 0s } }
  b: { topic: bs, on: id, within: { before: 30s, after: 0s } }`
  const { sources } = planOf(parse(joins, ', startAt: 2025-01-01T00:00:00Z'))
  assert.deepEqual(
    sources.map(({ startAt }) => startAt),
    [{ at }, { at: at - 60_000 }, { at: at - 90_000 }],
  )
})

const join = (name: string, more = '', topic = `${name}s`): string =>
  `  ${name}: { topic: ${topic}, within: 1s${more} }\n`

const FAULTS: readonly (readonly [string, string, RegExp])[] = [
  [
    'join beside joins',
    `join: { topic: x, on: id, within: 1s }\njoins:\n${join('b', ', on: id')}`,
    /yaml:7.*joins: stands beside join; write it below joins, with a name of its own/s,
  ],
  [
    'another key that what was joined is not carried to',
    `joins:\n${join('a', ', on: id')}${join('b', ', on: other')}`,
    /yaml:8.*joins\.b\.on.*compares other, and what a gives is keyed by id; write repartition: facts under joins\.b/s,
  ],
  [
    'a topic twice',
    `joins:\n${join('a', ', on: id')}${join('b', ', on: id', 'as')}`,
    /yaml:8.*joins\.b\.topic.*is joined by a already/s,
  ],
  [
    'the fact topic',
    `joins:\n${join('a', ', on: id', 'orders')}`,
    /joins\.a\.topic.*is the fact topic too/s,
  ],
  [
    'facts that a later join alone says are keyed otherwise',
    `joins:\n${join('a', ', on: id, repartition: right')}${join('b', ', on: id, repartition: both')}`,
    /yaml:8.*joins\.b\.repartition.*keyed as it is at the first join; write repartition: both under joins\.a, and write right here/s,
  ],
  [
    'facts that two joins say are keyed otherwise',
    `joins:\n${join('a', ', on: id, repartition: facts')}${join('b', ', on: id, repartition: facts')}`,
    /yaml:8.*joins\.b\.repartition.*facts are carried to id once, as a says; leave it out here/s,
  ],
  [
    'the name of a side',
    `joins:\n${join('left', ', on: id')}`,
    /joins\.left.*is no name of a join/s,
  ],
  ['no join', 'joins: {}', /joins/],
  [
    'a column twice',
    `joins:\n${join('a', ', on: id, select: [x]')}${join('b', ', on: id, select: [x]')}`,
    /joins\.b\.select.*the output name "x" is already taken by joins\.a/s,
  ],
  [
    'a late policy of records that never come out alone',
    `joins:\n${join('a', ', on: id, late: { right: emit }, kind: left')}`,
    /joins\.a\.late\.right.*emit is for/s,
  ],
  [
    'an item of DynamoDB in Avro',
    `joins:\n${join('a', ', on: id, envelope: dynamodb')}`,
    /joins\.a\.envelope: is of JSON values; have the connector write JSON, and say format: json/,
  ],
  [
    'one whose attributes nobody says',
    `joins:\n${join('a', ', on: id, format: json, envelope: dynamodb-cdc')}`,
    /joins\.a\.envelope: needs schema, the file of an item/,
  ],
]

for (const [what, text, message] of FAULTS) {
  test(`${what} is refused, with its line and what to write instead`, () => {
    assert.throws(() => parse(text), { code: 'CONFIG_INVALID', message })
  })
}
