/** Which records go together both ways, held against avsc: what it cannot resolve is a fault, and what we call none it resolves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { evolutionFault } from '../../src/codec/avro/evolution.ts'
import { parseRecord } from '../../src/codec/avro/parse.ts'

type Json = unknown
const types: fc.Arbitrary<{ type: Json; value: Json }> = fc.constantFrom(
  { type: 'int', value: 1 },
  { type: 'long', value: 1 },
  { type: 'double', value: 1 },
  { type: 'boolean', value: true },
  { type: { type: 'fixed', name: 'F', size: 2 }, value: 'ab' },
  { type: { type: 'enum', name: 'E', symbols: ['A', 'B'] }, value: 'A' },
  { type: { type: 'enum', name: 'E', symbols: ['A', 'B', 'C'] }, value: 'A' },
  { type: ['null', 'int'], value: null },
  { type: ['null', 'int', 'boolean'], value: null },
  { type: { type: 'array', items: ['null', 'long'] }, value: [] },
  { type: { type: 'map', values: 'int' }, value: {} },
)
const fields = (names: readonly string[]): fc.Arbitrary<object[]> =>
  fc
    .uniqueArray(
      fc.record({ name: fc.constantFrom(...names), of: types, hasDefault: fc.boolean() }),
      { selector: ({ name }) => name, maxLength: 3 },
    )
    .map((all) =>
      all.map(({ name, of: { type, value }, hasDefault }) => ({
        ...{ name, type: renamed(type, name) },
        ...(hasDefault ? { default: value } : {}),
      })),
    )
/** A named type is defined once. */
const renamed = (type: Json, name: string): Json =>
  typeof type === 'object' && type !== null && 'name' in type
    ? { ...type, name: `${(type as { name: string }).name}_${name}` }
    : type
const record = fc.tuple(fields(['a', 'b', 'c']), fields(['d', 'e'])).map(([outer, inner]) => ({
  ...{ type: 'record', name: 'R' },
  fields: [
    ...outer,
    { name: 'in', type: { type: 'array', items: { type: 'record', name: 'In', fields: inner } } },
  ],
}))

/** Whether every value of the one is read as one of the other: its types are made, and some values are tried. */
function reads(writer: avsc.Type, reader: avsc.Type): boolean {
  try {
    const resolver = reader.createResolver(writer)
    for (let i = 0; i < 40; i++) reader.fromBuffer(writer.toBuffer(writer.random()), resolver)
    return true
  } catch {
    return false
  }
}

test('records without a fault are read as one another, and a fault of fields is one for avsc, too', () => {
  fc.assert(
    fc.property(record, record, (before, after) => {
      const fault = evolutionFault(parseRecord(before), parseRecord(after))
      const [was, is] = [before, after].map((of) => avsc.Type.forSchema(of as avsc.Schema))
      const goTogether = reads(was, is) && reads(is, was)
      if (fault === null) assert.ok(goTogether)
      // A symbol or branch more may be in no value that was tried.
      else if (/has no default|had no default/.test(fault)) assert.ok(!goTogether, fault)
    }),
    { numRuns: 300 },
  )
})

test('the fault names the field, inside of records too, and what it was', () => {
  const of = (...fields: object[]) => parseRecord({ type: 'record', name: 'R', fields })
  const a = { name: 'a', type: 'int' }
  const inner = (type: string) => ({
    name: 'in',
    type: { type: 'record', name: 'In', fields: [{ name: 'x', type }] },
  })
  assert.equal(evolutionFault(of(a), of({ ...a, type: 'boolean' })), 'a was int, and is boolean')
  assert.equal(evolutionFault(of(a), of({ ...a, type: 'long' })), 'a was int, and is long')
  assert.equal(evolutionFault(of(), of(a)), 'a is new, and has no default')
  assert.equal(evolutionFault(of(a), of()), 'a is gone, and had no default')
  assert.equal(evolutionFault(of({ ...a, default: 1 }), of()), null)
  assert.equal(evolutionFault(of(inner('int')), of(inner('string'))), 'in.x was int, and is string')
})
