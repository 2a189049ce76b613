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
    'another field of the facts',
    `joins:\n${join('a', ', on: id')}${join('b', ', on: other')}`,
    /yaml:8.*joins\.b\.on.*compares the field other of the facts, and a compares id.*let a second pipeline have the output of this one as its facts/s,
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
    'another key, which is carried by an internal topic',
    `joins:\n${join('a', ', on: id, repartition: right')}${join('b', ', on: id')}`,
    /yaml:7.*joins\.a\.repartition.*not supported together with several joins; let a pipeline without a join write the topic under the join field/s,
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
    'an envelope',
    `joins:\n${join('a', ', on: id, envelope: dynamodb')}`,
    /not supported; have the/,
  ],
]

for (const [what, text, message] of FAULTS) {
  test(`${what} is refused, with its line and what to write instead`, () => {
    assert.throws(() => parse(text), { code: 'CONFIG_INVALID', message })
  })
}
