/**
 * Lines of the log about data that is lost, or joined with nothing. They come from what is counted anyway,
 * at each look: nothing is done per record, and what goes on for hours is a line a minute.
 */

import { keyLook } from '../../codec/keys/text.ts'
import { plural } from '../../config/text.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import type { Log } from '../../events.ts'
import type { ServiceParts } from '../status/parts.ts'
import type { Figures, Loss } from './figures.ts'
import type { Matching } from './matching.ts'
import { Misses, MostMissed } from './misses.ts'
import { OVER_MS, type Report, Trouble } from './trouble.ts'
import { percentOf, spanText } from './words.ts'

/** A line names so many keys. */
const KEYS = 5
const seconds = (ms: number): number => Math.round(ms / 1000)

const amounts = ({ count, among, ms }: Report) => ({
  count,
  taken: among,
  percent: percentOf(count, among),
  seconds: Math.max(1, seconds(ms)),
})

export class Warnings {
  readonly #parts: Pick<ServiceParts, 'pipeline' | 'counts' | 'dimensions'>
  readonly #log: Log
  readonly #matching: Matching
  readonly #losses = new Map<string, Trouble>()
  readonly #misses: readonly Misses[]
  /** Keys that were missed, and keys of facts that are dropped for it, by dimension: a line has those since the last of its kind. */
  readonly #missedKeys: readonly MostMissed[]
  readonly #droppedKeys: readonly MostMissed[]
  readonly #unmatched: Trouble
  /** How late records were when the last line about it was written, by side. */
  readonly #lateness: Float64Array[]
  #last: Figures

  constructor(
    parts: Pick<ServiceParts, 'pipeline' | 'counts' | 'dimensions'>,
    log: Log,
    matching: Matching,
    first: Figures,
  ) {
    this.#parts = parts
    this.#log = log
    this.#matching = matching
    this.#last = first
    this.#misses = first.lookUps.map((lookUps) => new Misses(lookUps, first.at))
    this.#missedKeys = first.lookUps.map(() => new MostMissed())
    this.#droppedKeys = first.lookUps.map(() => new MostMissed())
    this.#lateness = parts.counts.lateness.map(({ buckets }) => buckets.slice())
    const before = { at: first.at, count: 0, among: 0 }
    this.#unmatched = new Trouble(before, Number.POSITIVE_INFINITY)
  }

  look(figures: Figures): void {
    const { at, losses, lookUps } = figures
    for (const [id, loss] of losses) {
      const report = this.#troubleOf(id, loss).look({
        at,
        count: loss.count,
        among: figures.taken.get(loss.among) ?? 0,
      })
      if (report !== undefined) this.#tellLoss(loss, report)
    }
    for (const [d, misses] of this.#misses.entries()) {
      const report = misses.look(lookUps[d], at)
      if (report !== undefined) this.#tellMisses(d, report)
    }
    this.#lookAtMatching(at)
    this.#last = figures
  }

  #troubleOf(id: string, { among }: Loss): Trouble {
    let trouble = this.#losses.get(id)
    if (trouble === undefined) {
      const { at, losses, taken } = this.#last
      const count = losses.get(id)?.count ?? 0
      trouble = new Trouble({ at, count, among: taken.get(among) ?? 0 })
      this.#losses.set(id, trouble)
    }
    return trouble
  }

  #tellLoss({ kind, of, stage, reason }: Loss, report: Report): void {
    const log = this.#log
    const { count, ...rest } = amounts(report)
    if (report.what === 'ends') {
      const quiet = seconds(OVER_MS)
      log.event('losses_over', { of, stage, reason, count, quiet, seconds: rest.seconds })
    } else if (kind === 'late') {
      const behind = spanText(this.#mostBehind(of))
      const fate = this.#fateOfLate(of)
      log.event('records_late', { topic: of, behind, fate, count, ...rest })
    } else if (kind === 'early') {
      log.event('records_early', { topics: of, count, ...rest })
    } else if (kind === 'otherType') {
      log.event('records_of_other_type', { topic: of, count, ...rest })
    } else if (kind === 'missing') {
      const keys = this.#keysOf(this.#indexOf(of), this.#droppedKeys)
      log.event('facts_dropped', { dimension: of, keys, count, ...rest })
    } else {
      const last = this.#parts.counts.lastRejects.last(of, reason)
      const { topic = of, partition = -1, offset = -1, key = null, error: fault = '' } = last ?? {}
      const place = offset < 0 ? topic : `${topic}-${partition} @ ${offset}`
      const example = { place, key, fault }
      log.event('records_rejected', { topic: of, stage, reason, count, ...rest, ...example })
    }
  }

  #tellMisses(d: number, report: Report): void {
    const { name: dimension, on } = this.#parts.pipeline.dimensions[d]
    if (report.what === 'ends') {
      this.#log.event('lookups_work', { dimension, seconds: seconds(report.ms) })
      return
    }
    const keys = this.#keysOf(d, this.#missedKeys)
    const { table } = this.#parts.dimensions[d]
    const rows = table.size
    const hint = keysHint(rows, table.someKeys(KEYS).map(keyLook))
    this.#log.event('lookups_missed', { dimension, on, ...amounts(report), keys, rows, hint })
  }

  #lookAtMatching(at: number): void {
    const { joins } = this.#parts.pipeline
    if (joins.length === 0) return
    const { silence } = this.#matching
    if (silence === undefined) {
      const report = this.#unmatched.end()
      if (report !== undefined) this.#log.event('matches_again', { seconds: seconds(report.ms) })
      return
    }
    const { left, right, keysFound } = silence
    const join = joins[silence.join]
    const report = this.#unmatched.look({ at, count: left, among: left })
    if (report === undefined) return
    const { kind, beforeMs, afterMs } = join
    const within = spanText(Math.max(beforeMs, afterMs))
    const of = joins.length === 1 ? '' : `join ${join.name}: `
    const hint = keysFound
      ? `keys of one side are there on the other, but their event times are further apart than ${within}: look at \`time\` of both`
      : 'no key of one side was there on the other: look at `on` and `keyFormat` of both'
    this.#log.event('nothing_matches', { kind, left, right, hint: of + hint })
  }

  #indexOf(dimension: string): number {
    return this.#parts.pipeline.dimensions.findIndex(({ name }) => name === dimension)
  }

  /** The keys that a line names; where no key was missed, the facts' field was null. */
  #keysOf(d: number, missed: readonly MostMissed[]): string {
    const top = this.#parts.counts.missingKeys[d].top()
    const keys = missed[d].since(top).slice(0, KEYS)
    return keys.map((key) => JSON.stringify(key)).join(', ') || 'null'
  }

  #fateOfLate(topic: string): string {
    const { facts, joins } = this.#parts.pipeline
    const fate =
      topic === facts.topic
        ? joins[0].late.left
        : joins.find((join) => join.topic === topic)!.late.right
    return fate === 'emit' ? 'written without a match' : 'dropped'
  }

  /** How far behind stream time, in ms, the latest record was that has come since the last time. */
  #mostBehind(topic: string): number {
    const { pipeline, counts } = this.#parts
    const side = sourcesOf(pipeline).findIndex(({ config }) => config.topic === topic)
    const before = this.#lateness[side]
    const now = counts.lateness[side].buckets.slice()
    this.#lateness[side] = now
    const bucket = now.findLastIndex((count, b) => count > before[b])
    return 2 ** Math.max(0, bucket)
  }
}

function keysHint(rows: number, keys: readonly string[]): string {
  if (rows === 0) return 'It has no rows: is its topic the right one, and filled?'
  return `Among the keys of its ${plural(rows, 'row')} are ${keys.join(', ')}; where these are of another form, \`keyFormat\` or \`on\` is wrong: \`stream-enricher check\` compares them`
}
