import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { keyLook } from '../../src/codec/keys/text.ts'

const look = (key: string | number[]): string => keyLook(Buffer.from(key as string))

test('a key of text looks like its text, any other like its bytes', () => {
  assert.equal(look('o12'), '"o12"')
  assert.equal(look('Zürich 北'), '"Zürich 北"')
  assert.equal(look(''), '""')
  assert.equal(look([0, 0, 0, 0, 5, 14]), '0x00000000050e')
  assert.equal(look([0xff, 0x41]), '0xff41')
  assert.equal(look('two\nlines'), '0x74776f0a6c696e6573')
})

test('a long key is cut between two characters, and says so', () => {
  assert.equal(look('x'.repeat(1000)), `"${'x'.repeat(64)}…"`)
  assert.equal(look(`${'x'.repeat(63)}ü and so on`), `"${'x'.repeat(63)}…"`)
  assert.equal(look(new Array(100).fill(1)), `0x${'01'.repeat(64)}…`)
})

test('no key, whatever its bytes are, looks like more than one short line', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const text = keyLook(Buffer.from(bytes))
      assert.match(text, /^("[^\p{Cc}\ufffd]*"|0x[0-9a-f]*…?)$/u)
      assert.ok(text.length <= 131)
    }),
  )
})
