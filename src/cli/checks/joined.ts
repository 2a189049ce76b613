/** How many facts have a match in a join, and where none has, why: pure, from what was read of the right stream. */
import type { ReadBack } from '../../broker/read-back.ts'
import type { JoinConfig } from '../../config/pipeline.ts'
import { countText, durationText, plural } from '../../config/text.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { KeyHunt } from './key-hunt.ts'
import { missOf, type Sought, typed } from './misses.ts'
import { roughly } from './roughly.ts'

export interface LeftRecord {
  /** What is compared; null: there is nothing. */
  readonly text: string | null
  /** In ms. */
  readonly time: number
}

export interface Joined extends Sought {
  readonly join: Pick<
    JoinConfig,
    'name' | 'topic' | 'path' | 'beforeMs' | 'afterMs' | 'onRight' | 'time'
  >
  readonly lefts: readonly LeftRecord[]
  /** Times of the right records that were read, by what is compared, of what the left ones have. */
  readonly times: ReadonlyMap<string, readonly number[]>
  /** The first and the last time of all right records that were read; null: none could be. */
  readonly span: readonly [number, number] | null
  readonly hunt: KeyHunt
  readonly seen: ReadBack
}

/**
 * matched: there is a right record in the window; apart: only outside of it; open: none, but the window reaches beyond the last
 * right record, or before the first one that was read; none: there is none.
 */
type MatchFate = 'matched' | 'apart' | 'open' | 'none'

export const isWithin = (
  { beforeMs, afterMs }: Pick<JoinConfig, 'beforeMs' | 'afterMs'>,
  left: number,
  right: number,
): boolean => right >= left - beforeMs && right <= left + afterMs

export function checkJoined(of: Joined): Finding[] {
  const { join, lefts, on, span, hunt, seen } = of
  const what = `join ${join.name}`
  const named = lefts.filter((left): left is LeftRecord & { text: string } => left.text !== null)
  if (lefts.length === 0 || seen.read === 0 || span === null) return []
  const last = `the last ${plural(lefts.length, 'fact')}`
  if (named.length === 0) return [ok(what, `${on} is null in ${last}, or what has it is missing`)]
  const fates = named.map((left) => fateOf(of, span, left))
  const count = (fate: MatchFate): number => fates.filter((one) => one === fate).length
  const share = `${countText(count('matched'))} of ${last} have a record of ${join.topic} within the window`
  const apart = differencesIn(of, named, fates)
  const nulls = lefts.length - named.length
  const others = [
    count('apart') > 0
      ? `${countText(count('apart'))} have one outside of it, ${apartText(of, apart)}`
      : '',
    count('open') > 0
      ? `${countText(count('open'))} may have theirs where it was not read, or is not yet there`
      : '',
    nulls > 0 ? `${countText(nulls)} have nothing to join by` : '',
  ]
  const detail = [share, ...others.filter((part) => part !== '')].join('; ')
  if (count('apart') > count('matched')) return [warn(what, detail, windowRemedy(of, apart))]
  if (count('matched') > 0) return [ok(what, detail)]
  const missing = named.filter((_, i) => fates[i] !== 'apart').map(({ text }) => text)
  const miss = missOf(of, hunt, missing)
  if (miss !== undefined) {
    const say = miss.isSure ? fail : warn
    return [say(what, `${share}: ${miss.detail}`, miss.remedy)]
  }
  const example = `${on} is ${typed(named[0].text, of.type)}, for instance, ${join.onRight} is ${exampleOf(hunt)}`
  if (count('none') === 0) {
    return [
      ok(
        what,
        `${share}, but the times that were read do not meet: ${spansText(of, named, span)} (${example})`,
      ),
    ]
  }
  const remedy = `look whether ${on} and ${join.onRight} of ${join.topic} are the same, and are written alike`
  return [warn(what, `${share} (${example})`, remedy)]
}

const exampleOf = ({ keys: [key] }: KeyHunt): string =>
  key === undefined ? 'null' : JSON.stringify(key.toString())

function fateOf(
  { join, times, seen }: Joined,
  [first, last]: readonly [number, number],
  { text, time }: LeftRecord & { text: string },
): MatchFate {
  const found = times.get(text) ?? []
  if (found.some((right) => isWithin(join, time, right))) return 'matched'
  if (found.length > 0) return 'apart'
  const isBefore = !seen.isWhole && time - join.beforeMs < first
  return isBefore || time + join.afterMs > last ? 'open' : 'none'
}

/** How much later the nearest right records are, in ms, in order. */
function differencesIn(
  { times }: Joined,
  named: readonly (LeftRecord & { text: string })[],
  fates: readonly MatchFate[],
): number[] {
  return named
    .filter((_, i) => fates[i] === 'apart')
    .map(({ text, time }) =>
      times
        .get(text)!
        .map((right) => right - time)
        .reduce((least, one) => (Math.abs(one) < Math.abs(least) ? one : least)),
    )
    .sort((a, b) => a - b)
}

function apartText({ join, topic }: Joined, apart: readonly number[]): string {
  const middle = apart[apart.length >> 1]
  const [least, most] = [apart[0], apart[apart.length - 1]].map((ms) =>
    ms < 0 ? `-${roughly(ms)}` : roughly(ms),
  )
  const range = least === most ? '' : ` (${least} to ${most})`
  const [way, end, size] =
    middle < 0
      ? (['earlier', 'before', join.beforeMs] as const)
      : (['later', 'after', join.afterMs] as const)
  return `${topic} is ${roughly(middle)} ${way}${range}: within.${end} is ${durationText(size)}`
}

function windowRemedy({ join }: Joined, apart: readonly number[]): string {
  const middle = apart[apart.length >> 1]
  const end = middle < 0 ? 'before' : 'after'
  return `look whether both times are of one zone and mean the same; if so, have ${join.path.join('.')}.within.${end} as long`
}

function spansText(
  { topic }: Joined,
  named: readonly LeftRecord[],
  [first, last]: readonly [number, number],
): string {
  const times = named.map(({ time }) => time)
  const at = (ms: number): string => new Date(ms).toISOString()
  const [from, to] = [Math.min(...times), Math.max(...times)]
  return `the facts are from ${at(from)} to ${at(to)}, ${topic} from ${at(first)} to ${at(last)}`
}
