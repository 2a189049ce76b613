/** What a pipeline file says of snapshots, on the example of orders with two dimensions. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'

const FILE = 'examples/prices/pipeline.yaml'
const TEXT = readFileSync(FILE, 'utf8')

const loaded = (snapshot: string) =>
  parsePipeline(
    TEXT.replace(/^ {2}campaign:\n/m, `  campaign:\n    snapshot: ${snapshot}\n`),
    FILE,
    {},
  )

test('snapshots are told apart by a field, a header or pauses, and half of the rows are to be left', () => {
  const of = (text: string) => loaded(text).dimensions[1].snapshot
  const no = { header: null, field: null, complete: null, quietMs: Number.POSITIVE_INFINITY }
  assert.deepEqual(of('{ by: load.id }'), { ...no, field: 'load.id', atLeast: 0.5 })
  assert.deepEqual(of('{ by: { header: file.name }, complete: is_last, atLeast: 0 }'), {
    ...no,
    header: 'file.name',
    complete: 'is_last',
    atLeast: 0,
  })
  assert.deepEqual(of('{ quiet: 5m }'), { ...no, quietMs: 300_000, atLeast: 0.5 })
})

test('what says too little of snapshots, or too much, is refused with its line', () => {
  const line = TEXT.slice(0, TEXT.indexOf('  campaign:')).split('\n').length + 1
  for (const [snapshot, message] of [
    ['{ atLeast: 0.3 }', /snapshot: says neither by what snapshots are told apart/],
    ['{ complete: is_last, quiet: 5m }', /snapshot\.complete: needs by/],
    ['{ by: id, complete: is_last, quiet: 5m }', /snapshot\.quiet: stands beside complete/],
    ['{ by: id, quiet: 0s }', /snapshot\.quiet: .*write 30s, 5m or 1h/],
    ['{ by: id, atLeast: 50 }', /snapshot\.atLeast/],
    ['{ by: id }\n    envelope: debezium', /snapshot: is not for envelope: debezium/],
    ['{ by: id }\n    asOf: event-time', /snapshot: is not for rows as of a time/],
  ] as const) {
    assert.throws(
      () => loaded(snapshot),
      ({ message: text }: Error) => {
        assert.match(text, message)
        return text.includes(`${FILE}:${line}`)
      },
    )
  }
})
