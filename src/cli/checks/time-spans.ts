/** How many records have an event time, and whether these can be right: far from any event, or ahead of when they were written. */
import { isOfOurDays } from '../../codec/likely-unit.ts'
import type { Early, Pipeline } from '../../config/pipeline.ts'
import { durationText, plural } from '../../config/text.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import { planOf } from '../../plan/plan.ts'
import { type Finding, ok, warn } from './finding.ts'
import { roughly } from './roughly.ts'
import type { SampledTime } from './values.ts'

/** A record's own timestamp speaks for an event time that is this near, also where both are of a test. */
const NEAR_MS = 30 * 86_400_000

const FATES: Readonly<Record<Early, string>> = {
  drop: 'are dropped',
  reject: 'are rejected',
  timestamp: 'get the record’s timestamp in its place',
}

/** Of one source. */
export interface TimesRead {
  readonly times: readonly SampledTime[]
  /** Records that are to have one. */
  readonly of: number
}

/** @param read by source; undefined: it was not read. @param now in ms since 1970 */
export function checkTimeSpans(
  pipeline: Pipeline,
  read: readonly (TimesRead | undefined)[],
  now: number,
): Finding[] {
  return sourcesOf(pipeline).flatMap(({ config }, s): Finding[] => {
    const { topic, time: field, aheadMs, early } = config
    const { times, of } = read[s] ?? { times: [], of: 0 }
    if (field === null || of === 0) return []
    const share = `${topic}: ${times.length} of the last ${plural(of, 'record')} have a time`
    if (times.length === 0) {
      return [
        warn('time', share, `fill ${field} where it is written, or name another field as time`),
      ]
    }
    const odd = times.filter(
      ({ ms, timestamp }) => !isOfOurDays(ms, now) && Math.abs(ms - timestamp) > NEAR_MS,
    )
    if (odd.length > 0) {
      const detail = `${share}, ${odd.length} of them far from any event, as ${odd[0].text}`
      return [
        warn(
          'time',
          detail,
          `look what ${field} is where nobody knows the time; such records move or miss windows`,
        ),
      ]
    }
    const ahead = times.map(({ ms, timestamp }) => ms - timestamp).sort((a, b) => a - b)
    const beyond = ahead.filter((ms) => ms > aheadMs)
    const detail = `${share}, ${spanText(ahead[0], ahead[ahead.length - 1])}`
    if (beyond.length === 0) return [ok('time', detail)]
    const fate = `${beyond.length} are more than ${durationText(aheadMs)} (${planOf(pipeline).sources[s].aheadKey}) ahead: such records ${FATES[early]} when they come at once`
    const remedy = `look whether ${field} is of another time zone, or the producer’s clock is wrong; times that are meant so want a longer ahead`
    return [warn('time', `${detail}; ${fate}`, remedy)]
  })
}

function spanText(least: number, most: number): string {
  const word = (ms: number): string => `${roughly(ms)} ${ms < 0 ? 'before' : 'after'}`
  if (least === 0 && most === 0) return 'the records’ own timestamps'
  const span = least === most ? word(least) : `${word(least)} to ${word(most)}`
  return `${span} the records’ timestamps`
}
