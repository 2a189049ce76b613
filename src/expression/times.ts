/** Functions of points in time, which are whole microseconds since 1970, in UTC; and of durations, which are microseconds. */
import { type CivilDate, dateOf, daysOf, MICROS_PER_DAY } from './calendar.ts'
import { type Evaluate, type Frame, type Int, unary } from './frame.ts'
import type { Form } from './functions.ts'
import type { Integers } from './integers.ts'
import type { Make, Target } from './part.ts'
import { OwnText, type Text } from './text.ts'
import {
  formatTime,
  parseTime,
  parseTimestamp,
  type TimePattern,
  timePattern,
} from './time-pattern.ts'
import type { Kind } from './types.ts'

const OUTSIDE = 'the time is beyond the years that can be counted'

type Instant = (days: number, micros: number, frame: Frame) => Int

/** Makes a point in time of days since 1970 and microseconds of the day. */
function instant({ ints, sentence }: Target, at: number): Instant {
  const overflow = sentence(at, OUTSIDE)
  const perDay = ints.of(BigInt(MICROS_PER_DAY))!
  return (days, micros, frame) =>
    ints.add(
      ints.multiply(ints.fromDouble(days, frame, overflow), perDay, frame, overflow),
      ints.fromDouble(micros, frame, overflow),
      frame,
      overflow,
    )
}

const daysIn = (ints: Integers<Int>, time: Int): number =>
  ints.toDouble(ints.floorDivide(time, MICROS_PER_DAY))

const date: CivilDate = { year: 0, month: 0, day: 0 }

/** What begins with `text` at the latest, in days. */
const STARTS: Readonly<Record<string, (days: number) => number>> = {
  // 1970 began on a Thursday; weeks begin on Monday.
  week: (days) => days - ((((days + 3) % 7) + 7) % 7),
  month: (days) => {
    const { year, month } = dateOf(days, date)
    return daysOf(year, month, 1)
  },
  year: (days) => daysOf(dateOf(days, date).year, 1, 1),
}

const LENGTHS: Readonly<Record<string, number>> = {
  millisecond: 1e3,
  second: 1e6,
  minute: 60e6,
  hour: 3600e6,
  day: MICROS_PER_DAY,
}

const UNITS = [...Object.keys(LENGTHS), ...Object.keys(STARTS)]

function truncation(unit: string): Make | string {
  const length = LENGTHS[unit]
  const start = STARTS[unit]
  if (length !== undefined) {
    return ([a], target, at) => {
      const { ints } = target
      const overflow = target.sentence(at, OUTSIDE)
      return unary(a, (x: Int, frame) => {
        const rest = ints.fromDouble(ints.floorRemainder(x, length), frame, overflow)
        return ints.subtract(x, rest, frame, overflow)
      })
    }
  }
  if (start === undefined) return `${unit} is no unit of truncate; write one of ${UNITS.join(', ')}`
  return ([a], target, at) => {
    const of = instant(target, at)
    return unary(a, (x: Int, frame) => of(start(daysIn(target.ints, x)), 0, frame))
  }
}

/** With the pattern that its last operand is. */
const patterned =
  (of: (pattern: TimePattern) => Make) =>
  (text: string): Make | string => {
    const pattern = timePattern(text)
    return typeof pattern === 'string' ? pattern : of(pattern)
  }

const formatting =
  (pattern: TimePattern): Make =>
  ([a], { ints }) => {
    const target = new OwnText()
    return unary(a, (x: Int) =>
      formatTime(pattern, daysIn(ints, x), ints.floorRemainder(x, MICROS_PER_DAY), target),
    )
  }

const parsing =
  (of: (text: string) => [number, number] | undefined, fault: string): Make =>
  ([a], target, at) => {
    const make = instant(target, at)
    const none = target.sentence(at, fault)
    return unary(a, (x: Text, frame): unknown => {
      const found = of(x.toString())
      if (found !== undefined) return make(found[0], found[1], frame)
      frame.fail(none)
      return undefined
    })
  }

/** Times so many. */
const times =
  (factor: number): Make =>
  ([a], { ints, sentence }, at) => {
    const overflow = sentence(at, OUTSIDE)
    const by = ints.of(BigInt(factor))!
    return unary(a, (x: Int, frame) => ints.multiply(x, by, frame, overflow))
  }

const divided =
  (by: number): Make =>
  ([a], { ints }) =>
    unary(a, (x: Int) => ints.floorDivide(x, by))

const DURATION = /^(-)?((?:\d+(?:\.\d+)?(?:h|ms|m|s|us))+)$/
const DURATION_UNITS: Readonly<Record<string, number>> = {
  h: 3600e6,
  m: 60e6,
  s: 1e6,
  ms: 1e3,
  us: 1,
}

/** `1h30m`, `-1.5s`; a text: why it is none. */
function durationOf(text: string): Make | string {
  const [, sign, all] = DURATION.exec(text) ?? []
  const none = `"${text}" is no duration; write 90s, 1.5h or 1h30m, with the units h, m, s, ms and us`
  if (all === undefined) return none
  const parts = [...all.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s|us)/g)]
  const micros = parts.reduce((sum, [, n, unit]) => sum + Number(n) * DURATION_UNITS[unit], 0)
  const value = Math.round(sign === undefined ? micros : -micros)
  if (!Number.isSafeInteger(value)) return none
  return (_operands, { ints }) => {
    const own = ints.of(BigInt(value))!
    return () => own
  }
}

const part = (name: string, of: (days: number, micros: number) => number): Form => ({
  name,
  isMethod: true,
  takes: ['timestamp'],
  gives: 'int',
  make: ([a]: readonly Evaluate<never>[], { ints, sentence }, at) => {
    const overflow = sentence(at, OUTSIDE)
    return unary(a, (x: Int, frame) =>
      ints.fromDouble(of(daysIn(ints, x), ints.floorRemainder(x, MICROS_PER_DAY)), frame, overflow),
    )
  },
})

const ofDuration = (name: string, make: Make): Form => ({
  name,
  isMethod: true,
  takes: ['duration'],
  gives: 'int',
  make,
})

/** Towards zero. */
const totalOf =
  (micros: number): Make =>
  ([a], { ints, sentence }, at) => {
    const by = ints.of(BigInt(micros))!
    const overflow = sentence(at, OUTSIDE)
    return unary(a, (x: Int, frame) => ints.divide(x, by, frame, overflow))
  }

const MILLISECONDS: Make = ([a], { ints, sentence }, at) => {
  const overflow = sentence(at, OUTSIDE)
  const [second, milli] = [ints.of(1_000_000n)!, ints.of(1000n)!]
  return unary(a, (x: Int, frame) => ints.divide(ints.remainder(x, second), milli, frame, overflow))
}

const form = (name: string, takes: Kind, gives: Kind, make: Make): Form => ({
  name,
  isMethod: false,
  takes: [takes],
  gives,
  make,
})

const withLiteral = (
  name: string,
  takes: readonly Kind[],
  gives: Kind,
  prepare: (literal: string) => Make | string,
): Form => ({ name, isMethod: false, takes, gives, make: () => () => undefined, prepare })

const PLAIN = timePattern("yyyy-MM-dd'T'HH:mm:ss'Z'") as TimePattern
const MILLIS = timePattern("yyyy-MM-dd'T'HH:mm:ss.SSS'Z'") as TimePattern
const MICROS = timePattern("yyyy-MM-dd'T'HH:mm:ss.SSSSSS'Z'") as TimePattern

/** RFC 3339, with as many parts of a second as it has. */
const TEXT_OF_TIME: Make = ([a], { ints }) => {
  const target = new OwnText()
  return unary(a, (x: Int) => {
    const micros = ints.floorRemainder(x, MICROS_PER_DAY)
    const pattern = micros % 1e6 === 0 ? PLAIN : micros % 1e3 === 0 ? MILLIS : MICROS
    return formatTime(pattern, daysIn(ints, x), micros, target)
  })
}

const dayOfYear = (days: number): number => days - daysOf(dateOf(days, date).year, 1, 1)

export const TIME_FUNCTIONS: readonly Form[] = [
  form(
    'timestamp',
    'string',
    'timestamp',
    parsing(parseTimestamp, 'timestamp: the text is no time of RFC 3339, as 2026-01-31T12:00:00Z'),
  ),
  form('timestamp', 'int', 'timestamp', times(1_000_000)),
  form('fromMillis', 'int', 'timestamp', times(1000)),
  form('toMillis', 'timestamp', 'int', divided(1000)),
  form('string', 'timestamp', 'string', TEXT_OF_TIME),
  withLiteral('duration', ['string'], 'duration', durationOf),
  withLiteral('truncate', ['timestamp', 'string'], 'timestamp', truncation),
  withLiteral('formatTime', ['timestamp', 'string'], 'string', patterned(formatting)),
  withLiteral(
    'parseTime',
    ['string', 'string'],
    'timestamp',
    patterned((pattern) =>
      parsing((text) => parseTime(pattern, text), 'parseTime: the text is not of the pattern'),
    ),
  ),
  part('getFullYear', (days) => dateOf(days, date).year),
  // CEL counts months, days of the month and days of the year from 0, and a date from 1.
  part('getMonth', (days) => dateOf(days, date).month - 1),
  part('getDate', (days) => dateOf(days, date).day),
  part('getDayOfMonth', (days) => dateOf(days, date).day - 1),
  part('getDayOfWeek', (days) => (((days + 4) % 7) + 7) % 7),
  part('getDayOfYear', dayOfYear),
  part('getHours', (_days, micros) => Math.floor(micros / 3600e6)),
  part('getMinutes', (_days, micros) => Math.floor(micros / 60e6) % 60),
  part('getSeconds', (_days, micros) => Math.floor(micros / 1e6) % 60),
  part('getMilliseconds', (_days, micros) => Math.floor(micros / 1e3) % 1000),
  ofDuration('getHours', totalOf(3600e6)),
  ofDuration('getMinutes', totalOf(60e6)),
  ofDuration('getSeconds', totalOf(1e6)),
  ofDuration('getMilliseconds', MILLISECONDS),
]
