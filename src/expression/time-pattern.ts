/** Patterns of dates and times, as `yyyy-MM-dd HH:mm:ss.SSS`: compiled once, for reading and for writing. */
import { dateOf, daysOf, isDate, MICROS_PER_DAY } from './calendar.ts'
import type { OwnText, Text } from './text.ts'

/** Of a date and a time of day in UTC. */
type Piece = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'micros'

interface Digits {
  readonly piece: Piece
  readonly digits: number
}

export type TimePattern = readonly (Digits | string)[]

const LETTERS: Readonly<Record<string, Piece>> = {
  yyyy: 'year',
  MM: 'month',
  dd: 'day',
  HH: 'hour',
  mm: 'minute',
  ss: 'second',
}
const KNOWN = 'yyyy, MM, dd, HH, mm, ss, and S to SSSSSS for parts of a second'

/** A text: why it is none. */
export function timePattern(text: string): TimePattern | string {
  const pieces: (Digits | string)[] = []
  for (const [token, quoted] of text.matchAll(/'([^']*)'|([a-zA-Z])\2*|[^a-zA-Z']+|'/g)) {
    const piece = LETTERS[token]
    if (piece !== undefined) pieces.push({ piece, digits: token.length })
    else if (/^S{1,6}$/.test(token)) pieces.push({ piece: 'micros', digits: token.length })
    else if (quoted !== undefined) pieces.push(quoted)
    else if (!/^[a-zA-Z']/.test(token)) pieces.push(token)
    else return `${token} is not known; a pattern has ${KNOWN}, and letters between single quotes`
  }
  return pieces
}

const date = { year: 0, month: 0, day: 0 }

/** @param days since 1970. @param micros of that day */
export function formatTime(
  pattern: TimePattern,
  days: number,
  micros: number,
  target: OwnText,
): Text {
  const { year, month, day } = dateOf(days, date)
  const seconds = Math.floor(micros / 1e6)
  const values: Readonly<Record<Piece, number>> = {
    year,
    month,
    day,
    hour: Math.floor(seconds / 3600),
    minute: Math.floor(seconds / 60) % 60,
    second: seconds % 60,
    micros: micros % 1e6,
  }
  const text = pattern.map((part) => {
    if (typeof part === 'string') return part
    const { piece, digits } = part
    return piece === 'micros'
      ? String(values.micros).padStart(6, '0').slice(0, digits)
      : String(values[piece]).padStart(digits, '0')
  })
  return target.of(text.join(''))
}

/** Days since 1970 and microseconds of the day; undefined: the text is not of the pattern, or no such date. */
export function parseTime(pattern: TimePattern, text: string): [number, number] | undefined {
  const values = { year: 1970, month: 1, day: 1, hour: 0, minute: 0, second: 0, micros: 0 }
  let at = 0
  for (const part of pattern) {
    const length = typeof part === 'string' ? part.length : part.digits
    const found = text.slice(at, at + length)
    at += length
    if (typeof part === 'string') {
      if (found !== part) return undefined
      continue
    }
    if (found.length < length || !/^\d+$/.test(found)) return undefined
    values[part.piece] = Number(part.piece === 'micros' ? found.padEnd(6, '0') : found)
  }
  return at === text.length ? instantOf(values) : undefined
}

function instantOf(values: Readonly<Record<Piece, number>>): [number, number] | undefined {
  const { year, month, day, hour, minute, second, micros } = values
  if (!isDate(year, month, day) || hour > 23 || minute > 59 || second > 59) return undefined
  return [daysOf(year, month, day), ((hour * 60 + minute) * 60 + second) * 1e6 + micros]
}

const RFC3339 =
  /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** Of RFC 3339, as `2026-01-31T12:00:00.5+01:00`; what is finer than a microsecond is left out. */
export function parseTimestamp(text: string): [number, number] | undefined {
  const found = RFC3339.exec(text)
  if (found === null) return undefined
  const [year, month, day, hour, minute, second] = found.slice(1, 7).map(Number)
  const micros = Number((found[7] ?? '').padEnd(6, '0').slice(0, 6))
  const instant = instantOf({ year, month, day, hour, minute, second, micros })
  if (instant === undefined) return undefined
  const ahead = (found[8] === '-' ? -1 : 1) * (Number(found[9] ?? 0) * 60 + Number(found[10] ?? 0))
  const ofDay = instant[1] - ahead * 60e6
  const days = Math.floor(ofDay / MICROS_PER_DAY)
  return [instant[0] + days, ofDay - days * MICROS_PER_DAY]
}
