/** Whether event times make sense in the unit that they are read in, and on both sides in the same. */
import { UNIT_NAMES } from '../../codec/avro/time.ts'
import { inMs, isOfOurDays, likelyUnit, timeLine, UNITS } from '../../codec/likely-unit.ts'
import type { Pipeline, TimeUnit } from '../../config/pipeline.ts'
import { placeOf } from '../../config/places.ts'
import { plural } from '../../config/text.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { SampledTime } from './values.ts'

/** A record's own timestamp speaks for an event time that is this near. */
const NEAR_MS = 30 * 86_400_000
/** A sentinel among many good ones is no reason to doubt these. */
const NEARLY_ALL = 0.9
/** Below this a ratio says nothing: both may be times of a test, from 0 on. */
const LEAST_MS = 86_400_000

interface Side {
  /** Where the file names the topic. */
  readonly path: readonly string[]
  readonly topic: string
  readonly field: string
  readonly times: readonly SampledTime[]
}

/** @param times by source, of the last records; undefined: they were not read. @param now in ms since 1970 */
export function checkTimes(
  pipeline: Pipeline,
  times: readonly (readonly SampledTime[] | undefined)[],
  now: number,
): Finding[] {
  const sides = sourcesOf(pipeline).flatMap(
    ({ path, config: { topic, time: field } }, s): Side[] => {
      const read = times[s] ?? []
      return field === null || read.length === 0 ? [] : [{ path, topic, field, times: read }]
    },
  )
  const findings = sides.map((of) => checkSide(pipeline, of, now))
  const isSound = findings.every(({ mark }) => mark === 'ok')
  if (!isSound) return findings
  const [first, ...others] = sides
  return [...findings, ...others.flatMap((other) => compareSides(pipeline, [first, other]))]
}

function checkSide(pipeline: Pipeline, side: Side, now: number): Finding {
  const { topic, field, times } = side
  const { unit: read } = times[0].reading
  if (read === null) return ok('time', `${topic}: ${field}, text in ISO 8601`)
  const others = times.flatMap((time) => {
    const unit = otherUnit(time, now)
    return unit === null ? [] : [{ time, unit }]
  })
  if (others.length === 0) return ok('time', `${topic}: ${field}, in ${UNIT_NAMES[read]}`)
  const [{ time, unit }] = others
  const value = new Date(inMs(Number(time.text), unit)).toISOString()
  const detail = `${topic}: ${field} is read in ${UNIT_NAMES[read]}, and of ${others.length} of the last ${plural(times.length, 'record')} makes sense only in ${UNIT_NAMES[unit]}: ${time.text} is ${value} then`
  const remedy = remedyFor(pipeline, side, unit)
  return others.length >= times.length * NEARLY_ALL
    ? fail('time', detail, remedy)
    : warn('time', detail, `have all producers of ${topic} write one unit; or ${remedy}`)
}

/** The unit in which alone the value makes sense; null: it does in that in which it is read, or in none. */
function otherUnit({ text, ms, reading, timestamp }: SampledTime, now: number): TimeUnit | null {
  const isNear = (time: number): boolean => Math.abs(time - timestamp) <= NEAR_MS
  if (isOfOurDays(ms, now) || isNear(ms)) return null
  const count = Number(text)
  // Of times long ago only the records' own timestamps can tell.
  const old = (): TimeUnit | undefined => UNITS.find((unit) => isNear(inMs(count, unit)))
  const unit = likelyUnit(count, now) ?? old() ?? null
  return unit === reading.unit ? null : unit
}

function remedyFor(pipeline: Pipeline, { path, field, times }: Side, unit: TimeUnit): string {
  const place = placeOf(pipeline, [...path, 'time'])
  const { fromSchema, unit: read } = times[0].reading
  return fromSchema && read !== null
    ? `correct the producer, or its schema: by that ${field} is in ${UNIT_NAMES[read]}`
    : `write ${timeLine(field, unit)} (${place})`
}

/** Times that are old, or of a test, and far apart by a power of 1000 are of two units. */
function compareSides(pipeline: Pipeline, sides: readonly Side[]): Finding[] {
  // Text says what it means.
  if (sides.some(({ times }) => times[0].reading.unit === null)) return []
  const [low, high] = sides
    .map((side) => ({ side, ms: median(side.times.map(({ ms }) => ms)) }))
    .sort((a, b) => a.ms - b.ms)
  if (low.ms < LEAST_MS) return []
  const thousands = Math.log10(high.ms / low.ms) / 3
  const steps = Math.round(thousands)
  if (steps === 0 || Math.abs(thousands - steps) > 0.01) return []
  const [{ topic, field }, other] = [low.side, high.side]
  const detail = `${other.topic}: ${other.field} is ${1000 ** steps} times as much as ${field} of ${topic}, so they are in two units: ${other.times[0].text} and ${low.side.times[0].text}`
  const coarser = UNITS[placeOfUnit(low.side) - steps]
  const finer = UNITS[placeOfUnit(other) + steps]
  const ways = [
    ...(coarser === undefined ? [] : [remedyFor(pipeline, low.side, coarser)]),
    ...(finer === undefined ? [] : [remedyFor(pipeline, other, finer)]),
  ]
  return [fail('time', detail, ways.join(', or '))]
}

const placeOfUnit = ({ times }: Side): number => UNITS.indexOf(times[0].reading.unit!)

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[sorted.length >> 1]
}
