/** What `schema: evolve` of an output may stand beside. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { messageOf } from '../../src/errors.ts'
import { pipelineWith } from '../support/pipeline.ts'

const EVOLVE = '{ topic: orders.enriched, schema: evolve }'
const parse = (output: string) => pipelineWith('', '', undefined, output)

function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    return messageOf(error)
  }
  return ''
}

test('an output evolves where the file says so, and its schema is pinned by default', () => {
  assert.equal(parse(EVOLVE).evolves, true)
  assert.equal(parse('{ topic: orders.enriched, format: json, schema: evolve }').evolves, true)
  assert.equal(parse('{ topic: orders.enriched, schema: pinned }').evolves, false)
  assert.equal(parse('{ topic: orders.enriched }').evolves, false)
})

test('a word is no file: an output in Protobuf may say that it is pinned, and has its numbers from the registry', () => {
  const pinned = parse('{ topic: orders.enriched, format: protobuf, schema: pinned }')
  assert.deepEqual([pinned.evolves, pinned.output.schema], [false, null])
  const file = parse('{ topic: orders.enriched, format: protobuf, schema: out.proto }')
  assert.match(file.output.schema!, /out\.proto$/)
  assert.match(
    refusal(() => parse('{ topic: orders.enriched, schema: evolved }')),
    /pipeline\.yaml:\d+: output\.schema: as a file is of outputs in Protobuf/,
  )
})

test('where it cannot be it is refused, with its line and what to do', () => {
  const refused: [() => unknown, RegExp][] = [
    [
      () => parse('{ topic: orders.enriched, format: protobuf, schema: evolve }'),
      /^pipeline\.yaml:\d+: output\.schema: evolve is not supported where an output is in Protobuf; write pinned/,
    ],
    [
      () =>
        pipelineWith(
          null,
          'join: { topic: payments, on: { left: customer.account, right: account }, within: 60s, repartition: facts }',
          undefined,
          EVOLVE,
        ),
      /:\d+: output\.schema: evolve is not supported with joins by a dimension’s column, or by different keys: .*; write pinned/,
    ],
  ]
  for (const [read, message] of refused) assert.match(refusal(read), message)
})
