import assert from 'node:assert/strict'
import { test } from 'node:test'
import { FORMS } from '../../src/expression/calls.ts'
import { faultsOf } from './records.ts'

const faults = (expression: string): string[] =>
  faultsOf({ fields: [{ name: 'x', expression }] }).map((fault) => fault.replace('fields.x:', ''))

test('each fault says what is wrong, where, and what to write instead', () => {
  const cases: [string, RegExp][] = [
    ['amout > 1.0', /^0: there is no field amout; did you mean "amount"\? \(fields: i, l, /],
    [
      'address.citty',
      /^0: there is no field address.citty; did you mean "city"\? \(fields: lines, zip, city\)/,
    ],
    ['s.length', /^0: s is no record, and has no field length/],
    ['address', /^0: address cannot be read: it is the record Address; name one of its fields/],
    ['address.lines', /^0: address.lines cannot be read: it is an array of string/],
    ['s > 5', /^0: > does not take string and int; write the number in quotes, or make the text/],
    ['s + 5', /^0: \+ does not take string and int; make the number text by string\(x\)/],
    ['amount > 1.0', /^0: > does not take decimal and double; .*nearest number is double\(x\)/],
    ['t > "2026-01-01"', /write timestamp\("2026-01-31T00:00:00Z"\)/],
    ['t + 5', /add a duration, as duration\("5m"\)/],
    ['t > 5', /toMillis\(x\)/],
    ['d % 2.0', /^0: % does not take two doubles; make whole numbers by int\(x\)/],
    ['i && b', /^0: && takes bool, and this is int; compare it with something/],
    ['!s', /^1: ! takes bool, and this is string/],
    ['-s', /- takes a number, and this is string/],
    ['i ? 1 : 2', /\? takes bool before it/],
    ['b ? 1 : "a"', /are to be of one type, and are int and string/],
    ['i in s', /^5: in takes a list/],
    ['s in ["a", 5]', /^11: in does not take string and int/],
    ['[1, 2]', /lists and maps: not supported/],
    ['s.trim', /s is no record, and has no field trim/],
    ['trim(s)', /trim is a method; write its first operand before it: x\.trim/],
    ['s.hash()', /hash is no method; write hash\(…\)/],
    ['lowerAscii', /there is no field lowerAscii/],
    ['s.lower()', /there is no function lower/],
    ['s.matches("a")', /regular expressions: not supported; use contains/],
    ['now()', /the clock: not supported/],
    ['substring(s, 1)', /substring is a method/],
    [
      's.substring("a")',
      /string\.substring\(string\): there is string\.substring\(int\), string\./,
    ],
    [
      'truncate(t, "fortnight")',
      /fortnight is no unit of truncate; write one of millisecond, second/,
    ],
    ['truncate(t, s)', /the last operand of truncate is a text in quotes/],
    ['formatTime(t, "YYYY")', /YYYY is not known; a pattern has yyyy, MM/],
    ['duration("90")', /"90" is no duration; write 90s/],
    ['coalesce(i, s)', /what coalesce takes is to be of one type, and is int, string/],
    ['9223372036854775808', /beyond the whole numbers of 64 bits/],
    ['1u', /unsigned numbers: not supported; leave the u out/],
    ['i = 5', /^2: unexpected character: =; to compare write ==/],
    ['b and b', /instead of and write &&/],
    ['i <> 5', /write !=/],
    ['i >', /^3: unexpected end/],
    ['duration("5s")', /^0: a field cannot be duration: write its seconds/],
    ['null', /a field cannot be null/],
    ['amount', /a field cannot be decimal: write its nearest number/],
  ]
  for (const [expression, fault] of cases) {
    const found = faults(expression)
    assert.equal(found.length, 1, `${expression}: ${found}`)
    assert.match(found[0], fault, expression)
  }
})

test('all faults of an expression are told at once', () => {
  assert.deepEqual(
    faults('amout > 1.0 && s > 5 || foo(nothing)').map((fault) => Number.parseInt(fault, 10)),
    [0, 15, 28],
  )
})

test('a derived field may name those before it, and where any of them', () => {
  const fields = [
    { name: 'total', expression: 'd * double(i)' },
    { name: 'tax', expression: 'total * 0.19' },
  ]
  assert.deepEqual(faultsOf({ where: 'tax > 1.0', fields }), [])
  assert.match(
    faultsOf({ fields: fields.toReversed() })[0],
    /^fields.tax:0: total is derived behind/,
  )
  assert.match(faultsOf({ fields: [{ name: 'x', expression: 'x + 1' }] })[0], /derived behind/)
  assert.match(faultsOf({ fields: [{ name: 'i', expression: '1' }] })[0], /has a field i already/)
  // What follows from a fault is none.
  assert.equal(faultsOf({ where: 'x > 1', fields: [{ name: 'x', expression: 's * 2' }] }).length, 1)
  assert.match(
    faultsOf({ where: 'i + 1' })[0],
    /^where:0: a condition comes to bool, and this to int/,
  )
})

test('fields that name one another cannot make an expression of any size', () => {
  const fields = [{ name: 'x0', expression: 's' }]
  for (let n = 1; n < 40; n++) fields.push({ name: `x${n}`, expression: `x${n - 1} + x${n - 1}` })
  assert.match(faultsOf({ fields })[0], /has \d+ parts; 5000 are possible/)
})

test('every function is named once for each of its forms', () => {
  const forms = FORMS.map(({ name, isMethod, takes }) => `${isMethod} ${name} ${takes}`)
  assert.deepEqual(
    forms.filter((form, i) => forms.indexOf(form) !== i),
    [],
  )
})
