/** One key that is written in two ways is recognised, whichever they are; what is written to mend it makes the one of the other. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeyHunt } from '../../../src/cli/checks/key-hunt.ts'
import { essence, partsOf } from '../../../src/cli/checks/one-key.ts'
import { rewriting } from '../../../src/cli/checks/rewriting.ts'
import { compositeTextOf } from '../../../src/codec/keys/composite-text.ts'
import { keyBytes, keyReader, keyTextOf } from '../../../src/codec/keys/keys.ts'
import { keyPlan } from '../../../src/codec/keys/plan.ts'
import { resultOf } from '../../expression/records.ts'

type Format = 'text' | 'json' | 'long' | 'int'

interface Form {
  readonly text: (id: number) => string
  /** As a key's bytes, where these are not the text's. */
  readonly bytes?: (id: number) => Buffer
}

const framed = (type: 'long' | 'string') => (id: number) => {
  const plan = keyPlan(type)
  assert.ok(typeof plan === 'object')
  const key = keyBytes('avro', type === 'long' ? id : String(id), plan)!
  key.writeInt32BE(7, 1)
  return key
}

/** Ways to write a number. */
const FORMS: Readonly<Record<string, Form>> = {
  digits: { text: String },
  padded: { text: (id) => String(id).padStart(12, '0') },
  'padded otherwise': { text: (id) => `00000000${id}` },
  double: { text: (id) => `${id}.0` },
  blanks: { text: (id) => ` ${id}\t` },
  quoted: { text: (id) => `"${id}"` },
  'padded and quoted': { text: (id) => `"${String(id).padStart(12, '0')}"` },
  object: { text: (id) => `{"id":${id}}` },
  'object of text': { text: (id) => `{ "id": " 0${id}" }` },
  connect: { text: (id) => `{"schema":{"type":"int64"},"payload":{"id":${id}}}` },
}
const BYTES: Readonly<Record<string, Form>> = {
  long: { text: String, bytes: (id) => keyBytes('long', id)! },
  int: { text: String, bytes: (id) => keyBytes('int', id)! },
  avro: { text: String, bytes: framed('long') },
  'avro text': { text: String, bytes: framed('string') },
}

const ids = fc.uniqueArray(fc.integer({ min: 100_000_000, max: 999_999_999 }), {
  minLength: 1,
  maxLength: 20,
})

function hunted(texts: string[], keys: Buffer[], keyFormat: Format): KeyHunt {
  const hunt = new KeyHunt({ texts, keyFormat, isComposite: false, fields: new Map() })
  const reader = keyReader(keyFormat)
  for (const key of keys) hunt.see(key, keyTextOf(reader, key))
  return hunt
}

test('any two ways to write a number are recognised as one key, of each of the facts', () => {
  const facts = fc.constantFrom(...Object.keys(FORMS))
  const rows = fc.constantFrom(...Object.keys({ ...FORMS, ...BYTES }))
  const formats = fc.constantFrom<Format>('text', 'json', 'long', 'int')
  fc.assert(
    fc.property(ids, facts, rows, formats, (all, fact, row, keyFormat) => {
      const { text, bytes = (id: number) => Buffer.from(text(id)) } = { ...FORMS, ...BYTES }[row]
      const texts = all.map(FORMS[fact].text)
      const keys = all.map(bytes)
      const reader = keyReader(keyFormat)
      const found = new Set(keys.map((key) => keyTextOf(reader, key)))
      const missing = new Set(texts.filter((one) => !found.has(one)))
      const otherwise = hunted(texts, keys, keyFormat).otherwise(missing)
      assert.equal(otherwise?.pairs.length ?? 0, missing.size, `${fact}, ${row}, ${keyFormat}`)
    }),
  )
})

test('texts that differ in their letters only are recognised, and UUIDs without their hyphens', () => {
  const word = fc.stringMatching(/^[a-z]{1,8}-[a-z]{1,8}$/)
  fc.assert(
    fc.property(word, (text) => {
      const upper = text.toUpperCase()
      const otherwise = hunted([text], [Buffer.from(upper)], 'text').otherwise(new Set([text]))
      assert.deepEqual(otherwise?.differences, ['case'])
    }),
  )
  fc.assert(
    fc.property(fc.uuid(), (id) => {
      const bare = id.replaceAll('-', '')
      const otherwise = hunted([id], [Buffer.from(bare)], 'text').otherwise(new Set([id]))
      assert.deepEqual(otherwise?.differences, ['hyphens'])
    }),
  )
})

test('two keys are never taken for one', () => {
  const forms = fc.constantFrom(...Object.values(FORMS))
  fc.assert(
    fc.property(fc.nat(), fc.nat(), forms, forms, (a, b, one, other) => {
      const isOne = essence(one.text(a), false) === essence(other.text(b), false)
      assert.equal(isOne, a === b)
    }),
  )
})

test('fields of a key in another order are recognised, whatever is in them', () => {
  const parts = fc.array(fc.string(), { minLength: 2, maxLength: 4 })
  fc.assert(
    fc.property(parts, (fields) => {
      const [here, there] = [fields, fields.toReversed()].map(compositeTextOf)
      assert.deepEqual(partsOf(here), fields)
      const hunt = new KeyHunt({
        ...{ texts: [here], keyFormat: 'json', isComposite: true, fields: new Map() },
      })
      hunt.see(Buffer.from(there), there)
      const differences = hunt.otherwise(new Set([here]))?.differences
      assert.deepEqual(differences, here === there ? undefined : ['order'])
    }),
  )
})

test('the expression that is to be written makes the keys of the facts’ texts', () => {
  const isText = fc.constantFrom(...Object.keys(FORMS))
  fc.assert(
    fc.property(ids, isText, isText, fc.boolean(), (all, from, to, isNumber) => {
      const pairs = all.map((id) => {
        return { from: isNumber ? String(id) : FORMS[from].text(id), to: FORMS[to].text(id) }
      })
      const expression = rewriting(pairs, isNumber ? 'l' : 's', isNumber)
      if (expression === undefined) return
      const made = pairs.map(({ from }) =>
        resultOf(expression, isNumber ? { l: Number(from) } : { s: from }),
      )
      const right = made.filter((text, i) => text === pairs[i].to).length
      assert.ok(right >= pairs.length * 0.9, `${expression}: ${made} of ${JSON.stringify(pairs)}`)
    }),
  )
  const one = (from: string, to: string): string | undefined =>
    rewriting([{ from, to }], 'id', false)
  assert.equal(one('de', 'DE'), 'id.upperAscii()')
  assert.equal(one('0042', '42'), 'string(int(id))')
  assert.equal(one('"42"', '42'), 'id.replace("\\"", "")')
  assert.equal(
    rewriting([{ from: '42', to: '0042' }], 'id', true),
    '"0000".substring(size(string(id))) + string(id)',
  )
  assert.equal(one('a', 'b'), undefined)
})
