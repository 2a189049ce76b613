import assert from 'node:assert/strict'
import test from 'node:test'
import type { Schema } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroFields } from '../../src/codec/avro/fields.ts'
import { parseSchema } from '../../src/codec/avro/parse.ts'
import { AvroSource, compileSkip } from '../../src/codec/avro/walk.ts'

const simple = ['boolean', 'int', 'long', 'float', 'double', 'bytes', 'string'] as const
const letter: Schema = { type: 'enum', name: 'Letter', symbols: ['A', 'B'] }
const type: fc.Arbitrary<Schema> = fc.oneof(
  fc.constantFrom<Schema>(...simple, { type: 'long', logicalType: 'timestamp-millis' }),
  fc.constantFrom<Schema>(...simple).map((of): Schema => ['null', of] as Schema),
  fc.constantFrom<Schema>(...simple).map((of): Schema => [of, 'null'] as Schema),
  fc.constantFrom<Schema>(...simple).map((of): Schema => ['null', of, letter] as Schema),
)

/** Small lengths and branches as they are, and in more bytes than they need; large and negative ones. */
const byte = fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 6, 0x80, 0x81, 0x82, 0xff), fc.nat(255))

test('fields are where a walk of one type after the other finds them, in any bytes, and the same one is wrong', () => {
  fc.assert(
    fc.property(
      fc.array(type, { minLength: 1, maxLength: 5 }),
      fc.array(byte, { maxLength: 40 }),
      fc.nat(3),
      (types, bytes, start) => {
        const buffer = bytesOf(Buffer.from([...new Array(start).fill(0), ...bytes, 0, 0]))
        const end = start + bytes.length
        const parsed = types.map(parseSchema)
        const fields = new AvroFields(parsed)
        const failed = fields.walk(buffer, start, end)

        const source = new AvroSource()
        source.open(buffer, start, end)
        const places: number[] = []
        const wrong = parsed.findIndex((one) => {
          places.push(source.at)
          return !compileSkip(one)(source)
        })
        if (wrong < 0) places.push(source.at)
        assert.equal(failed, wrong < 0 ? types.length : wrong)
        assert.deepEqual([...fields.starts].slice(0, places.length), places)
      },
    ),
    { numRuns: 5000 },
  )
})
