/** Whether facts find their rows; on wrong keys the check has to say what they are, on sound ones nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { KeyHunt } from '../../../src/cli/checks/key-hunt.ts'
import { looksOf } from '../../../src/cli/checks/key-shapes.ts'
import { checkLookUps, type LookUps, type RowFate } from '../../../src/cli/checks/look-ups.ts'
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
  padded: text((id) => String(id).padStart(8, '0')),
  blank: text((id) => ` 0${id} `),
  prefixed: text((id) => `C-${id}`),
  avro,
}

interface More {
  readonly keyFormat?: Format
  readonly isWhole?: boolean
  readonly all?: number
  readonly fate?: RowFate
  /** Another field of each fact. */
  readonly other?: (id: number) => string
}

function lookUps(
  write: Write,
  rows: number[],
  facts: readonly (number | null)[],
  { keyFormat = 'text', isWhole = true, all = rows.length, fate = 'found', other }: More = {},
): LookUps {
  const texts = facts.map((id) => (id === null ? null : String(id)))
  const others = facts.map((id) => (id === null ? null : (other?.(id) ?? null)))
  const fields = new Map(other === undefined ? [] : [['buyer_no', others]])
  const hunt = new KeyHunt({ texts, keyFormat, isComposite: false, fields })
  const reader = keyReader(keyFormat)
  const found = new Set<string | null>()
  for (const key of rows.map(write)) {
    const its = keyTextOf(reader, key)
    hunt.see(key, its)
    if (its !== undefined) found.add(its)
  }
  return {
    ...{ name: 'customer', topic: 'customers', keyFormat, isComposite: false },
    ...{ on: 'customer_id', type: 'long', texts, hunt },
    derivable: {
      ...{ block: 'facts', field: 'customer_id', names: [] },
      line: (name) => `on: ${name}`,
    },
    fates: texts.map((one) => (one !== null && found.has(one) ? fate : 'none')),
    seen: { read: rows.length, all, isWhole },
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
      for (const isWhole of [true, false]) {
        const [finding] = checkLookUps(lookUps(writers[name], IDS, facts, { isWhole }))
        assert.equal(finding.mark, 'fail', name)
        assert.match(finding.detail, /^0 of the last 50 facts find a row of customers: customer_id/)
        assert.match(finding.detail, what)
        assert.match(finding.remedy!, remedy)
      }
    }
  }
  const [plainText] = checkLookUps(lookUps(writers.text, IDS, IDS, { keyFormat: 'long' }))
  assert.equal(plainText.mark, 'fail')
  assert.match(plainText.remedy!, /write keyFormat: text/)
})

test('keys of the same serialization that are written otherwise fail, with the field to derive', () => {
  const [padded] = checkLookUps(lookUps(writers.padded, IDS, IDS))
  assert.equal(padded.mark, 'fail')
  assert.match(padded.detail, /customer_id is \d+ \(long\), the key is "00000\d+": .*zeros/)
  assert.match(
    padded.remedy!,
    /^write fields: \{ customer_id_key: '"0{8}"\.substring.*' \} under facts, and on: customer_id_key$/,
  )
  const [blank] = checkLookUps(lookUps(writers.blank, IDS, IDS))
  assert.match(blank.detail, /blanks/)
  assert.match(blank.remedy!, /^have customer_id and the keys of customers written alike/)
})

test('another field of the facts that is among the keys is named, and one text that all of them have is not', () => {
  const of = (other: (id: number) => string): LookUps =>
    lookUps(writers.text, LATER, IDS, { other })
  const [finding] = checkLookUps(of((id) => String(id + 1000)))
  assert.equal(finding.mark, 'warn')
  assert.match(finding.detail, /: buyer_no of 50 facts is among the keys of customers/)
  assert.match(finding.remedy!, /buyer_no in place of customer_id/)
  const [chance] = checkLookUps(of(() => String(LATER[0])))
  assert.doesNotMatch(chance.detail, /buyer_no/)
})

test('a dimension of which some facts find a row is sound, however many miss', () => {
  const found = fc.subarray(IDS, { minLength: 1 })
  const nulls = fc.array(fc.constant(null))
  fc.assert(
    fc.property(found, fc.subarray(LATER), nulls, fc.boolean(), (some, missing, empty, isWhole) => {
      const of = lookUps(writers.text, IDS, [...missing, ...empty, ...some], { isWhole })
      const [finding] = checkLookUps(of)
      assert.equal(finding.mark, 'ok')
      assert.match(finding.detail, new RegExp(`^${some.length} of the last`))
      const says = new RegExp(`; ${missing.length} finds? none, as `).test(finding.detail)
      assert.equal(says, missing.length > 0)
    }),
  )
})

test('of facts of which many find none, as their keys are written otherwise, it is a warning', () => {
  const write: Write = (id) => (id < 120 ? writers.padded(id) : writers.text(id))
  const [finding] = checkLookUps(lookUps(write, IDS, IDS))
  assert.equal(finding.mark, 'warn')
  assert.match(finding.detail, /^30 of the last 50 facts find a row .* 20 find none, .*zeros/)
})

test('a sample that does not hold the rows is no fault, and says what it could see', () => {
  const of = lookUps(writers.text, IDS, LATER, { isWhole: false, all: 30_000_000 })
  const [finding] = checkLookUps(of)
  assert.equal(finding.mark, 'ok')
  assert.match(finding.detail, /as far as it was read \(50 of its 30,000,000 records\)/)
})

test('no row in the whole topic, without an evident reason, is a warning with examples of both', () => {
  for (const [write, keyFormat] of [
    [writers.prefixed, 'text'],
    [writers.long, 'long'],
  ] as const) {
    const [finding] = checkLookUps(lookUps(write, IDS, LATER, { keyFormat }))
    assert.equal(finding.mark, 'warn')
    assert.match(finding.detail, /customer_id is 1100 \(long\), for instance, a key is/)
  }
})

test('look-ups that are all null, or of nothing, are no fault', () => {
  assert.equal(checkLookUps(lookUps(writers.text, IDS, [null, null]))[0].mark, 'ok')
  assert.deepEqual(checkLookUps(lookUps(writers.text, [], IDS)), [])
  assert.deepEqual(checkLookUps(lookUps(writers.text, IDS, [])), [])
})

test('a key whose last record is no row, or whose rows are from later than the facts, is told as that', () => {
  const [gone] = checkLookUps(lookUps(writers.text, IDS, IDS, { fate: 'gone' }))
  assert.equal(gone.mark, 'warn')
  assert.match(gone.detail, /the last record of 50 is no row/)
  const [later] = checkLookUps(lookUps(writers.text, IDS, IDS, { fate: 'later' }))
  assert.equal(later.mark, 'warn')
  assert.match(later.detail, /the rows of 50 are from later than their facts/)
  assert.match(later.remedy!, /dimensions\.customer/)
})

test('looked-up text that looks like the keys is not taken for another format', () => {
  const texts = IDS.map((id) => `{"a":${id}}`)
  const hunt = new KeyHunt({ texts, keyFormat: 'text', isComposite: false, fields: new Map() })
  for (const id of LATER) hunt.see(writers.object(id), String(writers.object(id)))
  const of = lookUps(writers.object, LATER, IDS)
  assert.equal(checkLookUps({ ...of, texts, hunt })[0].mark, 'warn')
})

test('one bad key among many good ones does not change what they look like', () => {
  const keys = [...IDS.map(writers.long), Buffer.from('?')]
  assert.equal(looksOf(keys).format, 'long')
  assert.equal(looksOf(IDS.map((id) => Buffer.from(`a key ${id}`))).format, 'text')
})
