import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { encoded, resultOf, runner, SAMPLE } from './records.ts'

const failure = (expression: string, fields: object = {}): string =>
  (resultOf(expression, fields) as { failed: string }).failed

test('where takes what is true; what is false or null is dropped, and a failure is told', () => {
  const fate = (where: string, fields: object): unknown => {
    const result = runner('1', where).run(encoded({ ...SAMPLE, ...fields }))
    return typeof result === 'object' && 'value' in result ? 'taken' : result
  }
  assert.equal(fate('ni > 5', { ni: 6 }), 'taken')
  assert.equal(fate('ni > 5', { ni: 5 }), 'filtered')
  assert.equal(fate('ni > 5', { ni: null }), 'filtered')
  assert.deepEqual(fate('10 / i > 1', { i: 0 }), {
    failed: 'facts.where: a whole number is divided by zero, at column 1 of: 10 / i > 1',
  })
  assert.equal(fate('i != 0 && 10 / i > 1', { i: 0 }), 'filtered')
  assert.equal(fate('10 / i > 1 && i != 0', { i: 0 }), 'filtered')
})

test('null: a value for == and !=, and what makes null of all else', () => {
  const results: [string, unknown][] = [
    ['ns == null', true],
    ['s == null', false],
    ['ns != "x"', true],
    ['ns == ns', true],
    ['ni == nl', true],
    ['ni < 1', null],
    ['ni + 1', null],
    ['1.5 * nd', null],
    ['!nb', null],
    ['ns + "x"', null],
    ['size(ns)', null],
    ['nb && false', false],
    ['false && nb', false],
    ['nb && true', null],
    ['nb || true', true],
    ['nb || false', null],
    ['nb ? 1 : 2', null],
    ['b ? null : 1', null],
    ['ns in ["a"]', false],
    ['s in [ns, "Grüße"]', true],
    ['coalesce(ni, i)', 3n],
    ['coalesce(nd, ni, 7)', 7],
    ['coalesce(ns, null)', null],
    ['address.city', null],
    ['has(address.city)', false],
  ]
  for (const [expression, value] of results)
    assert.deepEqual(resultOf(expression), value, expression)
})

test('three-valued logic is that of SQL, whatever stands first', () => {
  const values = [true, false, null] as const
  for (const x of values) {
    for (const y of values) {
      const and = x === false || y === false ? false : x === null || y === null ? null : true
      const or = x === true || y === true ? true : x === null || y === null ? null : false
      // A field for each: of both there is one that may be null.
      const text = (value: boolean | null): string => (value === null ? 'nb' : String(value))
      assert.equal(resultOf(`${text(x)} && ${text(y)} || nb == true && false`), and, `${x} && ${y}`)
      assert.equal(resultOf(`(${text(x)} || ${text(y)})`), or, `${x} || ${y}`)
    }
  }
})

test('a failure decides nothing where the other side decides; try makes null of it', () => {
  assert.equal(resultOf('1 / 0 == 1 || true'), true)
  assert.equal(resultOf('true || 1 / 0 == 1'), true)
  assert.match(failure('1 / 0 == 1 || false'), /divided by zero/)
  assert.match(failure('nb && 1 / 0 == 1'), /divided by zero/)
  assert.equal(resultOf('try(1 / 0)'), null)
  assert.equal(resultOf('coalesce(try(int(s)), -1)'), -1n)
  assert.equal(resultOf('try(i)'), 3n)
})

test('whole numbers are exact, up to 64 bits; beyond that the record fails', () => {
  const large = '9007199254740993'
  assert.equal(resultOf('l', { l: large }), 9007199254740993n)
  assert.equal(resultOf('l == 9007199254740993', { l: large }), true)
  assert.equal(resultOf('l == 9007199254740992', { l: large }), false)
  assert.equal(resultOf('l % 10', { l: large }), 3n)
  assert.equal(resultOf('9007199254740992 + i'), 9007199254740995n)
  assert.equal(resultOf('l * l / l', { l: '3037000499' }), 3037000499n)
  assert.equal(resultOf('string(l)', { l: '-9223372036854775808' }), '-9223372036854775808')
  assert.match(failure('l + 1', { l: '9223372036854775807' }), /beyond 64 bits/)
  assert.match(failure('l * l', { l: '9223372036854775807' }), /beyond 64 bits/)
  assert.equal(resultOf('l > 9007199254740992.0', { l: large }), true)
  assert.equal(resultOf('math.abs(l)', { l: '-9007199254740993' }), 9007199254740993n)
})

test('casts', () => {
  const results: [string, unknown][] = [
    ['int("-12")', -12n],
    ['int("9223372036854775807")', 9223372036854775807n],
    ['int(2.9)', 2n],
    ['int(-2.9)', -2n],
    ['int(t)', 1767225600n],
    ['double("1.5e3")', 1500],
    ['double(i)', 3],
    ['string(2.5)', '2.5'],
    ['string(true)', 'true'],
    ['bool("true")', true],
    ['string(kind)', 'APP'],
    ['double(amount)', 123.45],
    ['string(amount)', '123.45'],
    ['string(b"abc")', 'abc'],
    ['size(bytes("ü"))', 2n],
  ]
  for (const [expression, value] of results)
    assert.deepEqual(resultOf(expression), value, expression)
  for (const [expression, fault] of [
    ['int("1x")', /no whole number/],
    ['int("9223372036854775808")', /no whole number of 64 bits/],
    ['int(1e30)', /beyond 64 bits/],
    ['int(0.0 / 0.0)', /or none/],
    ['double("")', /no number/],
    ['bool("yes")', /neither/],
    ['string(b"\\xff")', /no UTF-8/],
    ['timestamp("2026-02-30T00:00:00Z")', /RFC 3339/],
  ] as const) {
    assert.match(failure(expression), fault, expression)
  }
})

test('a decimal’s nearest number and its digits, of any length and sign', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: -(10n ** 29n), max: 10n ** 29n }), (unscaled) => {
      const bits = unscaled.toString(2).length + 8
      const bytes = Math.ceil(bits / 8)
      const hex = BigInt.asUintN(8 * bytes, unscaled)
        .toString(16)
        .padStart(2 * bytes, '0')
      const amount = Buffer.from(hex, 'hex').toString('latin1')
      const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(3, '0')
      const text = `${unscaled < 0n ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}`
      assert.equal(resultOf('string(amount)', { amount }), text)
      assert.equal(resultOf('double(amount)', { amount }), Number(text))
    }),
  )
})

test('texts', () => {
  const results: [string, unknown][] = [
    ['size(s)', 5n],
    ['s.size()', 5n],
    ['s.contains("üß")', true],
    ['s.startsWith("Grü")', true],
    ['s.endsWith("ße")', true],
    ['s.endsWith("x" + s)', false],
    ['r.trim()', 'x'],
    ['s.upperAscii()', 'GRüßE'],
    ['s.substring(2)', 'üße'],
    ['s.substring(2, 3)', 'ü'],
    ['s.substring(5)', ''],
    ['"a-b-c".replace("-", "+++")', 'a+++b+++c'],
    ['"a" < "b"', true],
    ['kind in ["WEB", "APP"]', true],
    ['hash("hello")', 0x248bfa47n],
    ['sha256("")', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['math.round(2.5)', 3],
    ['math.round(-2.5)', -3],
    ['math.round(0.49999999999999994)', 0],
    ['math.least(i, 2)', 2n],
    ['math.greatest(d, 3.5)', 3.5],
  ]
  for (const [expression, value] of results)
    assert.deepEqual(resultOf(expression), value, expression)
  assert.match(failure('s.substring(6)'), /outside/)
  assert.match(failure('s.substring(3, 2)'), /outside/)
  assert.match(failure('s.replace("", "x")'), /empty/)
})

test('times: parts, units, patterns, and what they are written as', () => {
  const t = Date.UTC(2024, 1, 29, 13, 14, 15, 16)
  const results: [string, unknown][] = [
    ['t', BigInt(t)],
    ['truncate(t, "hour")', BigInt(Date.UTC(2024, 1, 29, 13))],
    ['truncate(t, "day")', BigInt(Date.UTC(2024, 1, 29))],
    ['truncate(t, "week")', BigInt(Date.UTC(2024, 1, 26))],
    ['truncate(t, "month")', BigInt(Date.UTC(2024, 1, 1))],
    ['truncate(t, "year")', BigInt(Date.UTC(2024, 0, 1))],
    ['u', 1_767_225_600_123_456n],
    ['day', 20_454n * 86_400_000n],
    ['t + duration("1h30m")', BigInt(t + 5_400_000)],
    ['(t + duration("1.5s") - t).getMilliseconds()', 500n],
    ['(t - truncate(t, "day")).getMinutes()', 13n * 60n + 14n],
    ['t > timestamp("2024-02-29T14:14:15.015+01:00")', true],
    ['timestamp("2024-02-29T13:14:15.016Z") == t', true],
    ['string(t)', '2024-02-29T13:14:15.016Z'],
    ['string(u)', '2026-01-01T00:00:00.123456Z'],
    ['formatTime(t, "dd.MM.yyyy \'at\' HH:mm:ss.SSS")', '29.02.2024 at 13:14:15.016'],
    ['parseTime("2024-02-29 13:14", "yyyy-MM-dd HH:mm")', BigInt(Date.UTC(2024, 1, 29, 13, 14))],
    ['toMillis(t)', BigInt(t)],
    ['fromMillis(toMillis(t)) == t', true],
  ]
  for (const [expression, value] of results) {
    assert.deepEqual(resultOf(expression, { t }), value, expression)
  }
  assert.match(failure('parseTime("2024-02-30", "yyyy-MM-dd")'), /not of the pattern/)
  assert.deepEqual(runner('t').schema, { type: 'long', logicalType: 'timestamp-millis' })
  assert.deepEqual(runner('coalesce(u, t)').schema, {
    type: 'long',
    logicalType: 'timestamp-micros',
  })
})

test('the parts of a time are those that JavaScript finds, and CEL counts from 0', () => {
  const parts: [string, (date: Date) => number][] = [
    ['getFullYear', (date) => date.getUTCFullYear()],
    ['getMonth', (date) => date.getUTCMonth()],
    ['getDate', (date) => date.getUTCDate()],
    ['getDayOfMonth', (date) => date.getUTCDate() - 1],
    ['getDayOfWeek', (date) => date.getUTCDay()],
    ['getHours', (date) => date.getUTCHours()],
    ['getMinutes', (date) => date.getUTCMinutes()],
    ['getSeconds', (date) => date.getUTCSeconds()],
    ['getMilliseconds', (date) => date.getUTCMilliseconds()],
  ]
  const runs = parts.map(([name, of]) => ({ ...runner(`t.${name}()`), of, name }))
  const text = runner('string(t)')
  // Beyond 2255 microseconds are no double any more.
  const dates = fc.date({
    min: new Date('0001-01-01'),
    max: new Date('9999-12-31'),
    noInvalidDate: true,
  })
  fc.assert(
    fc.property(dates, (date) => {
      const bytes = encoded({ ...SAMPLE, t: date.getTime() })
      for (const { run, of, name } of runs) {
        assert.deepEqual(
          run(bytes),
          { value: BigInt(of(date)) },
          `${name} of ${date.toISOString()}`,
        )
      }
      const { value } = text.run(bytes) as { value: string }
      assert.equal(Date.parse(value), date.getTime())
    }),
    { numRuns: 500 },
  )
})

test('fields of nested records', () => {
  const address = { lines: ['a', 'b'], zip: 10_115, city: 'Berlin' }
  assert.equal(resultOf('address.city', { address }), 'Berlin')
  assert.equal(resultOf('address.zip + 1', { address }), 10_116n)
  assert.equal(resultOf('has(address.city) && address.city == "Berlin"', { address }), true)
  assert.equal(resultOf('address.zip', { address: null }), null)
})
