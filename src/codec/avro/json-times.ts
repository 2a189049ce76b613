/** Times and dates as people write them, and the whole numbers that Avro has for them. */
import type { Logical } from './logical.ts'

const NANOS_PER_SECOND = 1_000_000_000n
const NANOS_PER_MS = 1_000_000n
const DAY_MS = 86_400_000
/** The largest that a date can be, in ms. */
const LAST_MS = 8_640_000_000_000_000n

const isTimestamp = ({ family }: Logical): boolean =>
  family === 'timestamp' || family === 'local-timestamp'

/** Whether its values are written as text. */
export const hasText = (logical: Logical | null): logical is Logical =>
  logical !== null && (isTimestamp(logical) || logical.name === 'date')

/** What to write, for a message. */
export const exampleOf = ({ name }: Logical): string =>
  name === 'date' ? '2025-01-31' : '2025-01-31T12:00:00Z'

/** The number of a text; undefined: it is none of this type. */
export function numberOf(text: string, logical: Logical): bigint | undefined {
  if (logical.name === 'date') return dayOf(text)
  const nanos = parseNanos(text)
  return nanos === undefined
    ? undefined
    : floor(nanos, NANOS_PER_SECOND / BigInt(logical.perSecond))
}

/** ISO 8601; a number that is beyond what a date can be stays one, and so does what is of another type. */
export function textOf(value: number | bigint, logical: Logical | null): unknown {
  if (!hasText(logical)) return typeof value === 'bigint' ? String(value) : value
  const isDate = logical.name === 'date'
  const nanos = isDate
    ? BigInt(value) * BigInt(DAY_MS) * NANOS_PER_MS
    : BigInt(value) * (NANOS_PER_SECOND / BigInt(logical.perSecond))
  const ms = floor(nanos, NANOS_PER_MS)
  if (ms > LAST_MS || ms < -LAST_MS) return typeof value === 'bigint' ? String(value) : value
  const text = new Date(Number(ms)).toISOString()
  return isDate
    ? text.replace(/T.*/, '')
    : text.replace('Z', `${restOf(nanos - ms * NANOS_PER_MS)}Z`)
}

/** Digits behind the milliseconds: none, three or six. */
function restOf(nanos: bigint): string {
  const digits = String(nanos).padStart(6, '0')
  return digits.replace(/000$/, '').replace(/^000$/, '')
}

/** Milliseconds since 1970 of ISO 8601 text, with a fraction down to nanoseconds; undefined: it is none. */
export function parseTime(text: string): number | undefined {
  const nanos = parseNanos(text)
  if (nanos === undefined) return undefined
  // Nanoseconds since 1970 are more than a double holds.
  const ms = floor(nanos, NANOS_PER_MS)
  return Number(ms) + Number(nanos - ms * NANOS_PER_MS) / Number(NANOS_PER_MS)
}

function parseNanos(text: string): bigint | undefined {
  const [, seconds, fraction = '', zone] =
    /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)$/.exec(text) ?? []
  const ms = isDay(seconds?.replace(/T.*/, '')) ? Date.parse(seconds + zone) : Number.NaN
  return Number.isNaN(ms) ? undefined : BigInt(ms) * NANOS_PER_MS + BigInt(fraction.padEnd(9, '0'))
}

/** Days since 1970. */
function dayOf(text: string): bigint | undefined {
  return isDay(text) ? BigInt(Date.parse(text) / DAY_MS) : undefined
}

/** Date.parse takes February 30 for March 2. */
function isDay(text = ''): boolean {
  const ms = /^\d{4}-\d\d-\d\d$/.test(text) ? Date.parse(text) : Number.NaN
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text)
}

function floor(value: bigint, unit: bigint): bigint {
  const quotient = value / unit
  return value < 0n && quotient * unit !== value ? quotient - 1n : quotient
}
