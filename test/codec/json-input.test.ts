/** JSON values as Avro's: against what was written, and against JSON.parse. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroReader, type AvroRecordSchema } from '../../src/codec/avro-reader.ts'
import { JsonInput } from '../../src/codec/json-input.ts'
import { JsonReader } from '../../src/codec/json-reader.ts'
import type { ValueReader } from '../../src/codec/port.ts'
import { canonicalSample } from './json-samples.ts'

const FRAME = Buffer.from([0, 0, 0, 0, 1])

const wholePlan = (schema: AvroRecordSchema) => ({
  select: schema.fields.map(({ name }) => ({ source: name, nullable: false })),
  keys: [],
  time: null,
})

function projected(reader: ValueReader): Buffer {
  reader.select(0)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  reader.project(target, 0)
  return target
}

function jsonOf(schema: AvroRecordSchema, body: Buffer): Buffer {
  const reader = new JsonReader(schema, new AvroReader(schema, wholePlan(schema)))
  const value = bytesOf(Buffer.concat([FRAME, body]))
  assert.equal(reader.read(0, value, 0, value.length), null)
  return projected(reader)
}

const INDENT = [0, 1, 4]

test('what is written as JSON is read as the same bytes, framed or not, with spaces or without', () => {
  fc.assert(
    fc.property(
      canonicalSample,
      fc.constantFrom(...INDENT),
      fc.boolean(),
      (of, indent, isFramed) => {
        const { schema, body } = of
        const reader = new JsonInput(schema, wholePlan(schema))
        const text = spaced(jsonOf(schema, body), indent)
        const value = bytesOf(Buffer.concat([Buffer.from('?'), ...(isFramed ? [FRAME] : []), text]))
        assert.equal(reader.read(0, value, 1, value.length), null, reader.fault)
        assert.equal(projected(reader).toString('hex'), body.toString('hex'))
      },
    ),
    { numRuns: 1500 },
  )
})

/** With spaces and lines between what there is, outside of texts. */
function spaced(text: Buffer, indent: number): Buffer {
  if (indent === 0) return text
  const space = ['', ' ', '', '', ' \t\r\n'][indent]
  const out = String(text).replace(/"(?:[^"\\]|\\.)*"|[{}[\],:]/gs, (token) =>
    token.startsWith('"') ? token : `${space}${token}${space}`,
  )
  return Buffer.from(out)
}
