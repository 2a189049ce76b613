/** Whether facts find their rows; on wrong keys the check has to say what they are, on sound ones nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { looksOf } from '../../../src/cli/checks/key-shapes.ts'
import { checkLookUps, type LookUps } from '../../../src/cli/checks/look-ups.ts'
import { keyBytes, keyReader, keyTextOf } from '../../../src/codec/keys/keys.ts'
import { keyPlan } from '../../../src/codec/keys/plan.ts'

type Format = 'text' | 'json' | 'long' | 'int'
type Write = (id: number) => Buffer

const plan = keyPlan('long')
const avro: Write = (id) => {
  assert.ok(typeof plan === 'object')
  const key = keyBytes('avro', id, plan)!
  key.writeInt32BE(7, 1)
  return key
}
const text =
  (write: (id: number) => string): Write =>
  (id) =>
    Buffer.from(write(id))
const writers = {
  text: text(String),
  quoted: text((id) => `"${id}"`),
  object: text((id) => `{"customer_id":${id}}`),
  envelope: text((id) => `{"schema":{"type":"int64"},"payload":{"id":${id}}}`),
  several: text((id) => `{"shop":1,"id":${id}}`),
  struct: text((id) => `Struct{customer_id=${id}}`),
  long: (id: number) => keyBytes('long', id)!,
  int: (id: number) => keyBytes('int', id)!,
  prefixed: text((id) => `C-${id}`),
  avro,
}

function lookUps(
  write: Write,
  rows: number[],
  facts: (number | null)[],
  more: Partial<LookUps> = {},
): LookUps {
  const format: Format = (more.keyFormat as Format) ?? 'text'
  const reader = keyReader(format)
  const keys = rows.map(write)
  const found = keys.flatMap((key) => keyTextOf(reader, key) ?? [])
  return {
    name: 'customer',
    topic: 'customers',
    keyFormat: format,
    isComposite: false,
    on: 'customer_id',
    isReadWhole: true,
    texts: facts.map((id) => (id === null ? null : String(id))),
    keys,
    rows: new Map(found.map((key) => [key, true])),
    read: rows.length,
    all: rows.length,
    ...more,
  }
}

const IDS = Array.from({ length: 50 }, (_, i) => 100 + i)
const LATER = IDS.map((id) => id + 1000)

test('keys of another serialization fail, and the right one is named, whole topic or sample', () => {
  for (const [name, what, remedy] of [
    ['quoted', /JSON text, in quotes/, /write keyFormat: json/],
    ['object', /JSON objects/, /write keyFormat: json/],
    ['envelope', /JSON objects/, /write keyFormat: json/],
    ['several', /JSON objects of several fields/, /ExtractField\$Key/],
    ['struct', /Struct/, /ExtractField\$Key/],
    ['long', /8 bytes/, /write keyFormat: long/],
    ['int', /4 bytes/, /write keyFormat: int/],
    ['avro', /Avro/, /write keyFormat: avro/],
  ] as const) {
    for (const facts of [IDS, LATER]) {
      for (const isReadWhole of [true, false]) {
        const of = lookUps(writers[name], IDS, facts, { isReadWhole })
        const [finding] = checkLookUps(of)
        assert.equal(finding.mark, 'fail', name)
        assert.match(finding.detail, what)
        assert.match(finding.detail, /customers/)
        assert.match(finding.remedy!, remedy)
      }
    }
  }
  const [plainText] = checkLookUps(lookUps(writers.text, IDS, IDS, { keyFormat: 'long' }))
  assert.equal(plainText.mark, 'fail')
  assert.match(plainText.remedy!, /write keyFormat: text/)
})

test('a dimension of which some facts find a row is sound, however many miss', () => {
  const found = fc.subarray(IDS, { minLength: 1 })
  const nulls = fc.array(fc.constant(null))
  fc.assert(
    fc.property(found, fc.subarray(LATER), nulls, fc.boolean(), (some, missing, empty, whole) => {
      const of = lookUps(writers.text, IDS, [...missing, ...empty, ...some], { isReadWhole: whole })
      const [finding] = checkLookUps(of)
      assert.equal(finding.mark, 'ok')
      assert.match(finding.detail, new RegExp(`^${some.length} of the last`))
    }),
  )
})

test('a sample that does not hold the rows is no fault, and says what it could see', () => {
  const [finding] = checkLookUps(
    lookUps(writers.text, IDS, LATER, { isReadWhole: false, all: 30_000_000 }),
  )
  assert.equal(finding.mark, 'ok')
  assert.match(finding.detail, /50 of its 30,000,000 records were looked at/)
})

test('no row in the whole topic, without an evident reason, is a warning with examples of both', () => {
  for (const [write, keyFormat] of [
    [writers.prefixed, 'text'],
    [writers.long, 'long'],
  ] as const) {
    const [finding] = checkLookUps(lookUps(write, IDS, LATER, { keyFormat }))
    assert.equal(finding.mark, 'warn')
    assert.match(finding.detail, /customer_id is "1100", for instance, a key is/)
  }
})

test('look-ups that are all null, or of nothing, are no fault', () => {
  assert.equal(checkLookUps(lookUps(writers.text, IDS, [null, null]))[0].mark, 'ok')
  assert.deepEqual(checkLookUps(lookUps(writers.text, [], IDS)), [])
  assert.deepEqual(checkLookUps(lookUps(writers.text, IDS, [])), [])
})

test('a tombstone is no row', () => {
  const of = lookUps(writers.text, IDS, IDS)
  const rows = new Map([...of.rows].map(([key]) => [key, false]))
  assert.equal(checkLookUps({ ...of, rows })[0].mark, 'warn')
})

test('looked-up text that looks like the keys is not taken for another format', () => {
  const json = IDS.map((id) => `{"a":${id}}`)
  const of = lookUps(writers.object, LATER, IDS)
  assert.equal(checkLookUps({ ...of, texts: json })[0].mark, 'warn')
})

test('one bad key among many good ones does not change what they look like', () => {
  const keys = [...IDS.map(writers.long), Buffer.from('?')]
  assert.equal(looksOf(keys).format, 'long')
  assert.equal(looksOf(IDS.map((id) => Buffer.from(`a key ${id}`))).format, 'text')
})
