/** How many facts find their rows, and where none does, why: pure, from what was read. */
import type { ReadBack } from '../../broker/read-back.ts'
import { countText, plural } from '../../config/text.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import type { KeyHunt } from './key-hunt.ts'
import { shown } from './key-shapes.ts'
import { missOf, type Sought, typed, writtenOtherwise } from './misses.ts'

/**
 * Of a fact that has something to look up: its row is there; the key is, but its last record is no row (deleted, or not
 * taken by `where`); there are rows only from later than the fact, which is looked up as of its time; or nothing is.
 */
export type RowFate = 'found' | 'gone' | 'later' | 'none'

export interface LookUps extends Sought {
  /** The dimension's. */
  readonly name: string
  /** What each fact looks up that could be read; null: the field is null, or the row that has it is missing. */
  readonly texts: readonly (string | null)[]
  /** Of these facts. */
  readonly fates: readonly RowFate[]
  readonly hunt: KeyHunt
  readonly seen: ReadBack
}

/** A smaller share of facts without a row is as may be. */
const FEW = 0.05

export function checkLookUps(of: LookUps): Finding[] {
  const { name, topic, texts, on, fates, hunt } = of
  const what = `look-up ${name}`
  const named = texts.filter((text) => text !== null)
  if (texts.length === 0 || hunt.keys.length === 0) return []
  const last = `the last ${plural(texts.length, 'fact')}`
  if (named.length === 0) return [ok(what, `${on} is null in ${last}`)]
  const count = (fate: RowFate): number => fates.filter((one) => one === fate).length
  const unseen = texts.filter((text, f): text is string => text !== null && fates[f] === 'none')
  const share = `${countText(count('found'))} of ${last} find a row of ${topic}`
  if (count('found') > 0) {
    const detail = `${share}${othersText(of, count, unseen)}`
    const isMuch = unseen.length > texts.length * FEW
    const miss = isMuch ? writtenOtherwise(of, hunt, unseen) : undefined
    return [
      miss === undefined ? ok(what, detail) : warn(what, `${detail}: ${miss.detail}`, miss.remedy),
    ]
  }
  if (unseen.length < named.length) {
    return [
      warn(what, `${share}${othersText(of, count, unseen)}`, goneRemedy(of, count('later') > 0)),
    ]
  }
  const miss = missOf(of, hunt, unseen)
  if (miss !== undefined) {
    const say = miss.isSure ? fail : warn
    return [say(what, `${share}: ${miss.detail}`, miss.remedy)]
  }
  const example = `${on} is ${typed(named[0], of.type)}, for instance, a key is ${shown(hunt.keys[0])}`
  if (!of.seen.isWhole) {
    return [
      ok(
        what,
        `${share}, as far as it was read (${boundText(of.seen)}); keys look alike (${example})`,
      ),
    ]
  }
  const remedy = `look whether ${on} is what the rows of ${topic} are keyed by, and whether it is written alike`
  return [warn(what, `${share} (${example})`, remedy)]
}

const boundText = ({ read, all }: ReadBack): string =>
  `${countText(read)} of its ${countText(all)} records`

/** What becomes of the other facts. */
function othersText(
  { texts, seen, type }: LookUps,
  count: (fate: RowFate) => number,
  unseen: readonly string[],
): string {
  const nulls = texts.filter((text) => text === null).length
  const bound = seen.isWhole ? '' : `, as far as it was read (${boundText(seen)})`
  const parts = [
    unseen.length > 0
      ? `${countText(unseen.length)} ${unseen.length === 1 ? 'finds' : 'find'} none, as ${typed(unseen[0], type)}${bound}`
      : '',
    count('gone') > 0
      ? `the last record of ${countText(count('gone'))} is no row (deleted, or not taken)`
      : '',
    count('later') > 0
      ? `the rows of ${countText(count('later'))} are from later than their facts`
      : '',
    nulls > 0 ? `${countText(nulls)} have nothing to look up` : '',
  ]
  return parts.map((part) => (part === '' ? '' : `; ${part}`)).join('')
}

const goneRemedy = ({ name, topic }: LookUps, isLater: boolean): string =>
  isLater
    ? `look whether time under dimensions.${name} is when a row became valid; rows as of a time have to be there before the facts`
    : `look whether ${topic} has rows, or only their deletions, and what where takes of them`
