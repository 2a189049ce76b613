/** Messages of random Avro values, against a naive model of what avsc decodes, as protobufjs reads them. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../../src/bytes.ts'
import { parseRecord } from '../../../src/codec/avro/parse.ts'
import { AvroReader, type AvroRecordSchema } from '../../../src/codec/avro/reader.ts'
import { TAKEN, UNWRITABLE } from '../../../src/codec/port.ts'
import { KeptFile } from '../../../src/codec/protobuf/kept-numbers.ts'
import { ProtobufReader } from '../../../src/codec/protobuf/protobuf-reader.ts'
import { type ProtobufOutput, protobufOutput } from '../../../src/plan/protobuf-output.ts'
import { sample, typeOf } from '../json-samples.ts'
import { decoded, modelOf, readAs, typeOfProto, Unsayable } from './output-model.ts'

const FRAME = Buffer.from([0, 0, 0, 0, 1])
const NOTHING = new KeptFile(undefined)

/** The message of an Avro value; a text: why there is none. */
function messageOf(
  schema: AvroRecordSchema,
  body: Buffer,
  output: ProtobufOutput,
): Buffer | string {
  const select = schema.fields.map(({ name }) => ({ source: name, nullable: false }))
  const inner = new AvroReader(schema, { select, keys: [], time: null })
  const reader = new ProtobufReader(output.writers, inner)
  const value = bytesOf(Buffer.concat([FRAME, body]))
  assert.equal(reader.read(0, value, 0, value.length), null)
  reader.select(0)
  if (reader.fate === UNWRITABLE) return reader.failure
  assert.equal(reader.fate, TAKEN)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes + 2, '!'))
  assert.equal(reader.project(target, 1), target.length - 1)
  assert.equal(String(target.subarray(-1)), '!')
  return Buffer.from(target.subarray(1, -1))
}

function expected(schema: AvroRecordSchema, body: Buffer): unknown {
  try {
    return modelOf(parseRecord(schema), typeOf(schema).fromBuffer(body))
  } catch (error) {
    if (error instanceof Unsayable) return null
    throw error
  }
}

test('the message of any value is what the model says, as protobufjs reads it by the file that is generated', () => {
  let said = 0
  fc.assert(
    fc.property(sample, ({ schema, body }) => {
      const output = protobufOutput(schema, NOTHING, new Map())
      const message = messageOf(schema, body, output)
      const model = expected(schema, body)
      if (model === null) {
        assert.match(String(message), /is no (date|time)/)
        return
      }
      assert.ok(typeof message !== 'string', String(message))
      said++
      const got = readAs(parseRecord(schema), decoded(typeOfProto(output.text), message))
      assert.deepEqual(got, model, output.text)
    }),
    { numRuns: 250 },
  )
  assert.ok(said > 50)
})
