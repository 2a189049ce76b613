/** The reader that computes: rows, keys, times, unions, and values that are written with other schemas. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { SLICE } from '../../src/batch.ts'
import { bytesOf } from '../../src/bytes.ts'
import type { ValueReader } from '../../src/codec/port.ts'
import { Projection } from '../../src/codec/projection.ts'
import { Computation, type Wanted } from '../../src/expression/computed.ts'
import { checkProgram } from '../../src/expression/program.ts'
import { encoded, SAMPLE, SCHEMA } from './records.ts'

const FIELDS = [
  { name: 'total', expression: 'd * double(i)' },
  { name: 'key', expression: 'kind + "-" + string(i)' },
  { name: 'number', expression: 'l + 1' },
  { name: 'at', expression: 'truncate(t, "day")' },
]
const WANTED: Wanted = { select: [], keys: [], time: null, timeUnit: null }

function readerOf(wanted: Partial<Wanted>, where: string | null = null, written: unknown = SCHEMA) {
  const { program } = checkProgram({ where, fields: FIELDS }, SCHEMA, ['facts'])
  const computation = new Computation(program, { ...WANTED, ...wanted })
  const keys = (wanted.keys ?? []).filter((key) => key === null).map(() => 's')
  const plan = { select: [{ source: 's', nullable: false }], keys, time: null, computation }
  return new Projection(SCHEMA, plan).readerOf(written)
}

function read(reader: ValueReader, row: number, fields: object): void {
  const value = bytesOf(encoded({ ...SAMPLE, ...fields }))
  assert.equal(reader.read(row, value, 0, value.length), null)
}

const keyOf = (reader: ValueReader, k: number): string =>
  reader.keyBuffer(k).toString('utf8', reader.keyStart(k), reader.keyEnd(k))

function projected(reader: ValueReader): Buffer {
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  return target
}

test('derived fields stand behind the record’s own, as keys and as the time; each row has its own', () => {
  const select = [{ name: 'total', nullable: false }]
  const reader = readerOf({ select, keys: ['key', null, 'number'], time: 'at' })
  for (let row = 0; row < SLICE; row++) read(reader, row, { i: row, l: row, s: `s${row}` })
  for (let row = 0; row < SLICE; row++) {
    reader.select(row)
    assert.equal(keyOf(reader, 0), `APP-${row}`)
    assert.equal(keyOf(reader, 1), `s${row}`)
    assert.equal(keyOf(reader, 2), String(row + 1))
    assert.equal(reader.time, Date.UTC(2026, 0, 1))
    const bytes = projected(reader)
    assert.equal(bytes.toString('utf8', 1, bytes.length - 8), `s${row}`)
    assert.equal(bytes.readDoubleLE(bytes.length - 8), 2.5 * row)
  }
})

test('a field that is made nullable in the output has a union’s branch before it', () => {
  const reader = readerOf({ select: [{ name: 'total', nullable: true }] })
  read(reader, 0, { s: '' })
  reader.select(0)
  assert.deepEqual([...projected(reader).subarray(0, 2)], [0, 2])
})

test('a long derived field has room, and takes none of another row’s', () => {
  const fields = [{ name: 'twice', expression: 's + s' }]
  const { program } = checkProgram({ where: null, fields }, SCHEMA, ['facts'])
  const computation = new Computation(program, {
    ...WANTED,
    select: [{ name: 'twice', nullable: false }],
  })
  const reader = new Projection(SCHEMA, { select: [], keys: [], time: null, computation }).readerOf(
    SCHEMA,
  )
  const texts = Array.from({ length: SLICE }, (_, row) => String(row % 10).repeat(row * 7))
  for (const [row, s] of texts.entries()) read(reader, row, { s })
  for (const [row, s] of texts.entries()) {
    reader.select(row)
    const bytes = projected(reader)
    assert.ok(bytes.toString().endsWith(s + s) && bytes.length <= 3 + 2 * s.length, `row ${row}`)
  }
})

test('a value of another writer’s schema is computed as one of the reader’s', () => {
  const fields = [
    { name: 'added', type: 'string' },
    ...SCHEMA.fields.filter(({ name }) => name !== 'i').map((field) => field),
    { name: 'i', type: 'int' },
  ]
  const written = { ...SCHEMA, fields }
  const reader = readerOf({ keys: ['key'] }, 'i > 0', written)
  // The writer's bytes: what was added first, `i` last.
  const whole = encoded(SAMPLE).subarray(5)
  const value = bytesOf(
    Buffer.concat([Buffer.alloc(5), Buffer.from([2, 65]), whole.subarray(1), whole.subarray(0, 1)]),
  )
  assert.equal(reader.read(0, value, 0, value.length), null)
  reader.select(0)
  assert.equal(reader.fate, 0)
  assert.equal(keyOf(reader, 0), 'APP-3')
})
