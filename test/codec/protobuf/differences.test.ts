/** How two .proto files differ, in words. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { messageDifferences } from '../../../src/codec/protobuf/differences.ts'
import { readText } from '../../../src/codec/protobuf/schema.ts'

const file = (text: string) =>
  readText({ id: 1, type: 'PROTOBUF', text: `syntax = "proto3"; ${text}`, imports: new Map() })
const of = async (before: string, after: string): Promise<string[]> =>
  messageDifferences(await file(before), await file(after))

test('fields are told by their numbers, those of messages inside with their path', async () => {
  const place = (fields: string, more = ''): string =>
    `message Order { string id = 1; Place to = 2; ${more} } message Place { ${fields} Place in = 9; }`
  const was = place('string city = 1; int32 zip = 2;', 'oneof how { int32 a = 5; int32 b = 6; }')
  for (const [is, differences] of [
    [was, []],
    [place('string city = 1; int32 zip = 2;'), ['a is gone', 'b is gone']],
    [
      place('string town = 1; string zip = 2;', 'oneof how { int32 a = 5; int32 b = 6; }'),
      ['to.town was named city', 'to.zip was int32, and is string'],
    ],
    [
      place('string city = 1; int32 zip = 3;', 'optional int32 a = 5; repeated int32 b = 6;'),
      [
        'to.zip had the number 2, and has 3',
        'a was int32 in the oneof how, and is optional int32',
        'b was int32 in the oneof how, and is repeated int32',
      ],
    ],
  ] as const) {
    assert.deepEqual(await of(was, is), differences)
  }
})

test('symbols are told, too', async () => {
  const was = 'message M { E e = 1; } enum E { A = 0; B = 1; C = 2; }'
  const is = 'message M { E e = 1; } enum E { A = 0; X = 1; D = 3; }'
  assert.deepEqual(await of(was, is), [
    'the symbol X of e was named B',
    'the symbol D of e is new',
    'the symbol C of e is gone',
  ])
})

const fields = fc
  .uniqueArray(fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), number: fc.nat(4) }), {
    selector: ({ name }) => name,
  })
  .filter((list) => new Set(list.map(({ number }) => number)).size === list.length)
  .map((list) => list.map(({ name, number }) => `int32 ${name} = ${number + 1};`).join(' '))

test('a file differs from another one as that does from it, and from itself in nothing', async () => {
  const turned = (difference: string): string => {
    const [, name, rest] = /^(\S+) (.*)$/.exec(difference)!
    const named = /^was named (\S+)$/.exec(rest)
    if (named !== null) return `${named[1]} was named ${name}`
    const moved = /^had the number (\d), and has (\d)$/.exec(rest)
    if (moved !== null) return `${name} had the number ${moved[2]}, and has ${moved[1]}`
    return `${name} ${rest === 'is new' ? 'is gone' : 'is new'}`
  }
  const property = fc.asyncProperty(fields, fields, async (a, b) => {
    const [one, other] = [`message M { ${a} }`, `message M { ${b} }`]
    assert.deepEqual(await of(one, one), [])
    assert.deepEqual((await of(one, other)).map(turned).sort(), (await of(other, one)).sort())
  })
  await fc.assert(property, { numRuns: 200 })
})
