import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { isoTime } from '../../src/config/iso-time.ts'

/** Somewhere in a buffer, with digits and letters around it that are not of it. */
function read(text: string): number {
  const before = '20Z'
  const buffer = bytesOf(Buffer.from(`${before}${text}5Z`))
  return isoTime(buffer, before.length, before.length + Buffer.byteLength(text))
}

const two = (number: number): string => String(number).padStart(2, '0')
const moments = fc.integer({
  min: Date.parse('0001-01-02T00:00:00Z'),
  max: Date.parse('9999-12-30T00:00:00Z'),
})
const offsets = fc.integer({ min: -1439, max: 1439 })

test('a point in time is what Date.parse makes of it, with any fraction and any offset', () => {
  const parts = fc.record({
    ms: moments,
    offset: offsets,
    fraction: fc.option(fc.stringMatching(/^\d{1,12}$/), { nil: undefined }),
    between: fc.constantFrom('T', 't', ' '),
    form: fc.constantFrom('+hh:mm', '+hhmm'),
    hasSeconds: fc.boolean(),
    point: fc.constantFrom('.', ','),
  })
  fc.assert(
    fc.property(parts, ({ ms, offset, fraction, between, form, hasSeconds, point }) => {
      const local = new Date(ms).toISOString()
      const sign = offset < 0 ? '-' : '+'
      const [hours, minutes] = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60]
      const zone = `${sign}${two(hours)}:${two(minutes)}`
      const seconds = hasSeconds ? local.slice(16, 19) : ''
      const rest = hasSeconds && fraction !== undefined ? fraction : ''
      const text = `${local.slice(0, 10)}${between}${local.slice(11, 16)}${seconds}${rest === '' ? '' : point + rest}${form === '+hhmm' ? zone.replace(':', '') : zone}`
      const plain = `${local.slice(0, 16)}${seconds || ':00'}${rest === '' ? '' : `.${rest.slice(0, 3)}`}${zone}`
      assert.equal(read(text), Date.parse(plain), `${text} as ${plain}`)
    }),
    { numRuns: 3000 },
  )
})

test('every day of four centuries is the one that it is, and no other day is one', () => {
  for (let year = 1900; year < 2300; year += 1) {
    for (const month of [1, 2, 3, 12]) {
      for (let day = 0; day <= 32; day++) {
        const date = `${year}-${two(month)}-${two(day)}`
        const ms = Date.UTC(year, month - 1, day)
        const isDay = new Date(ms).toISOString().startsWith(date)
        assert.equal(read(`${date}T00:00:00Z`), isDay ? ms : Number.NaN, date)
      }
    }
  }
})

/** As databases, Debezium and Java's OffsetDateTime write them. */
const KNOWN: readonly [string, string][] = [
  ['2018-06-20T15:13:16.945104Z', '2018-06-20T15:13:16.945Z'],
  ['2018-06-20T15:13:16.999999999Z', '2018-06-20T15:13:16.999Z'],
  ['1969-12-31T23:59:59.999999Z', '1969-12-31T23:59:59.999Z'],
  ['2011-12-03T10:15:30+01:00', '2011-12-03T09:15:30.000Z'],
  ['2026-01-01T10:00Z', '2026-01-01T10:00:00.000Z'],
  ['2026-01-01 10:00:00+00', '2026-01-01T10:00:00.000Z'],
  ['2026-01-01 10:00:00.5-0330', '2026-01-01T13:30:00.500Z'],
  ['2026-01-01t10:00:00z', '2026-01-01T10:00:00.000Z'],
  ['2024-02-29T23:59:59-00:00', '2024-02-29T23:59:59.000Z'],
  ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
]

test('it is read as databases, Debezium and Java write it', () => {
  for (const [text, ms] of KNOWN) assert.equal(read(text), Date.parse(ms), text)
})

test('what has no zone, or is no date, is no point in time', () => {
  const none = [
    '',
    'infinity',
    '1735689600000',
    '2026-01-01',
    '2026-01-01T10:00:00',
    '2026-01-01T10:00:00.',
    '2026-01-01T10:00:00.Z',
    '2026-01-01T10:00:00.5',
    '2026-01-01T10:00:',
    '2026-01-01T10:00:5Z',
    '2026-01-01T10Z',
    '2026-01-01T24:00:00Z',
    '2026-01-01T10:60:00Z',
    '2026-01-01T10:00:60Z',
    '2026-01-01T10:00:00+1',
    '2026-01-01T10:00:00+01:0',
    '2026-01-01T10:00:00+01:60',
    '2026-01-01T10:00:00+24:00',
    '2026-01-01T10:00:00+01:00[Europe/Paris]',
    '2026-01-01T10:00:00Z ',
    ' 2026-01-01T10:00:00Z',
    '2026-13-01T10:00:00Z',
    '2026-1-01T10:00:00.0Z',
    '2026/01/01T10:00:00Z',
    '20260101T100000.000Z',
    '+12026-01-01T10:00:00Z',
    '-2026-01-01T10:00:00Z',
  ]
  for (const text of none) assert.ok(Number.isNaN(read(text)), text)
})

test('any bytes are a number or none, and nothing is read outside of them', () => {
  const characters = fc.stringMatching(/^[-0-9T:.Z+ ]{0,40}$/)
  fc.assert(
    fc.property(characters, (text) => {
      const alone = bytesOf(Buffer.from(Buffer.from(text)))
      assert.equal(isoTime(alone, 0, alone.length), read(text))
    }),
    { numRuns: 3000 },
  )
})
