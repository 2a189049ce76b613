import { type Finding, REASON_NAMES, REASONS, type Reason } from './reasons.ts'

export type Level = 'works' | 'degraded' | 'down'
export const LEVELS: readonly Level[] = ['works', 'degraded', 'down']

/** A reason why it does not work, as the API tells it. */
export interface StatedReason {
  readonly reason: Reason
  readonly level: Level
  readonly text: string
  /** How far it is, 0 to 100, where it has an end. */
  readonly percent?: number | undefined
  /** Since when it holds: wall clock, in ms. */
  readonly since: number
  readonly action: string
  /** Its place in the runbook, on this HTTP server. */
  readonly runbook: string
}

/** Whether the instance works, since when (wall clock, in ms), and why it does not. */
export interface Verdict {
  readonly verdict: Level
  readonly text: string
  readonly since: number
  /** The worst first. */
  readonly reasons: readonly StatedReason[]
}

const WORKS = 'What comes is taken, and hardly any of it is lost'

/** Remembers since when findings hold. Times are monotonic, so that a step of the wall clock is no duration. */
export class Verdicts {
  #findings: readonly Finding[] = []
  #since = new Map<string, number>()
  #level: Level = 'works'
  #levelSince: number

  constructor(now: number) {
    this.#levelSince = now
  }

  /** Takes all that is wrong at `now`. */
  found(findings: readonly Finding[], now: number): void {
    const before = this.#since
    this.#since = new Map(findings.map((one) => [idOf(one), before.get(idOf(one)) ?? now]))
    this.#findings = findings.toSorted(
      (a, b) => REASON_NAMES.indexOf(a.reason) - REASON_NAMES.indexOf(b.reason),
    )
    const levels = findings.map((one) => this.#levelOf(one, now))
    const level = LEVELS.findLast((one) => levels.includes(one)) ?? 'works'
    if (level !== this.#level) this.#levelSince = now
    this.#level = level
  }

  at(now: number): Verdict {
    const wall = (monotonic: number): number => Math.round(Date.now() - (now - monotonic))
    return {
      verdict: this.#level,
      text: this.#level === 'works' ? WORKS : this.#titles,
      since: wall(this.#levelSince),
      reasons: this.#findings.map((finding) => {
        const { reason, text, percent } = finding
        const { action } = REASONS[reason]
        const level = this.#levelOf(finding, now)
        const since = wall(this.#since.get(idOf(finding))!)
        return { reason, level, text, percent, since, action, runbook: `/runbook#${reason}` }
      }),
    }
  }

  get #titles(): string {
    const reasons = new Set(this.#findings.map(({ reason }) => reason))
    const [first, ...others] = [...reasons].map((reason): string => REASONS[reason].title)
    return [first, ...others.map((title) => title[0].toLowerCase() + title.slice(1))].join('; ')
  }

  #levelOf(finding: Finding, now: number): Level {
    const { downAfterMs } = REASONS[finding.reason]
    const ms = now - this.#since.get(idOf(finding))!
    return downAfterMs !== null && ms >= downAfterMs ? 'down' : 'degraded'
  }
}

const idOf = ({ reason, of }: Finding): string => `${reason} ${of}`
