import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encodeDefault } from '../../src/codec/avro/default.ts'
import { parseSchemaText, schemaText } from '../../src/codec/avro/schema-json.ts'

test('a schema’s text is as it was, to the last digit of its defaults', () => {
  const value = fc.oneof(
    fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }).map((n) => ({ text: String(n) })),
    fc.integer().map((n) => ({ text: String(n) })),
    fc.double({ noNaN: true, noDefaultInfinity: true }).map((n) => ({ text: JSON.stringify(n) })),
    fc.string({ unit: 'grapheme' }).map((s) => ({ text: JSON.stringify(s) })),
    fc
      .constantFrom('"1234567890123456789\\""', '"\\\\"', '"a\\":9223372036854775807"', 'null')
      .map((text) => ({ text })),
  )
  fc.assert(
    fc.property(fc.array(value), (values) => {
      const text = `[${values.map((one) => one.text).join(',')}]`
      const parsed = parseSchemaText(text)
      // What JSON itself changes (escapes, -0, 1E2) is as it has it.
      const isExact = values.map((one) => /^-?\d+$/.test(one.text))
      const printed = schemaText(parsed).slice(1, -1)
      const expected = values.map((one, i) =>
        isExact[i] ? String(BigInt(one.text)) : JSON.stringify(JSON.parse(one.text)),
      )
      assert.equal(printed, expected.join(','))
      assert.deepEqual(JSON.parse(JSON.stringify(parsed)), JSON.parse(text))
    }),
    { numRuns: 2000 },
  )
})

test('a default of any long is encoded exactly, and what is none is not encoded', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(2n ** 65n), max: 2n ** 65n }), (long) => {
      const bytes = encodeDefault({ kind: 'long', logical: null }, parseSchemaText(String(long)))
      const fits = BigInt.asIntN(64, long) === long
      let code = BigInt.asUintN(64, (long << 1n) ^ (long >> 63n))
      const expected: number[] = []
      for (; code > 127n; code >>= 7n) expected.push(Number(code & 127n) | 128)
      expected.push(Number(code))
      assert.deepEqual(bytes, fits ? Buffer.from(expected) : undefined)
    }),
  )
  assert.throws(() => parseSchemaText('{"default": 12345678901234567'), SyntaxError)
})
