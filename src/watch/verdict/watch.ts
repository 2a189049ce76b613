/** Looks at what an instance counts, every few seconds: what the log warns of, and whether it works. */

import { messageOf } from '../../errors.ts'
import type { Log } from '../../events.ts'
import type { Check } from '../http/health.ts'
import type { ServiceParts } from '../status/parts.ts'
import { lagsOf } from '../status/report.ts'
import { rowsText, slowestOf } from '../status/versions-view.ts'
import { type Figures, figuresOf } from './figures.ts'
import { FreeSpace } from './free-space.ts'
import { HeldUp } from './held-up.ts'
import {
  FAILED_EPOCHS,
  judge,
  RECOVERING_MS,
  type Situation,
  UNDECIDED_MS,
  WAITING_MS,
} from './judge.ts'
import { Matching } from './matching.ts'
import { Recent } from './recent.ts'
import { type Verdict, Verdicts } from './verdict.ts'
import { Warnings } from './warnings.ts'

const LOOK_MS = 2000

export class Watch {
  readonly #parts: ServiceParts
  readonly #ready: () => readonly Check[]
  readonly #now: () => number
  readonly #recent: Recent
  readonly #matching: Matching
  readonly #warnings: Warnings
  readonly #heldUp: HeldUp
  readonly #disk: FreeSpace
  readonly #verdicts: Verdicts
  readonly #timer: NodeJS.Timeout
  /** When a broker was last seen to have answered, and when that answer was (wall clock). */
  #answeredAt: number
  #lastAnswerMs = 0
  /** Since when the tasks of an epoch that failed are not taken again. */
  #recoveringSince: number | undefined
  /** How far each task was, and since when. */
  #positions = new Map<number, { readonly taken: number; readonly since: number }>()

  /** @param now monotonic, in ms */
  constructor(
    parts: ServiceParts,
    ready: () => readonly Check[],
    log: Log,
    now = () => performance.now(),
  ) {
    this.#parts = parts
    this.#ready = ready
    this.#now = now
    this.#answeredAt = now()
    const first = this.#figures()
    this.#recent = new Recent(first)
    this.#matching = new Matching(first.joins)
    this.#warnings = new Warnings(parts, log, this.#matching, first)
    this.#heldUp = new HeldUp(log)
    this.#disk = new FreeSpace(parts.pipeline.state.dir)
    this.#verdicts = new Verdicts(now())
    this.#timer = setInterval(() => this.look(), LOOK_MS).unref()
    this.#judge(first)
  }

  get verdict(): Verdict {
    return this.#verdicts.at(this.#now())
  }

  look(): void {
    void this.#disk.look()
    const figures = this.#figures()
    this.#recent.add(figures)
    this.#matching.look(figures.joins)
    this.#warnings.look(figures)
    this.#judge(figures)
  }

  /** Looks a last time, so that what has come since the last look is told. */
  close(): void {
    clearInterval(this.#timer)
    this.look()
  }

  #figures(): Figures {
    const { pipeline, counts, dimensions } = this.#parts
    return figuresOf(pipeline, counts, dimensions, this.#now())
  }

  #judge(figures: Figures): void {
    const findings = judge(figures, this.#recent, this.#situation(figures.at))
    this.#verdicts.found(findings, figures.at)
    this.#heldUp.look(findings, figures.at)
  }

  #situation(at: number): Situation {
    const { counts, worker, registry, pipeline } = this.#parts
    if (counts.lastAnswerMs !== this.#lastAnswerMs) {
      this.#lastAnswerMs = counts.lastAnswerMs
      this.#answeredAt = at
    }
    return {
      waits: this.#ready().filter(({ ok }) => !ok),
      paused: worker?.paused ?? false,
      rivals: worker?.rivals.haveAll ? worker.rivals.topics : [],
      silentMs: at - this.#answeredAt,
      failing: this.#failing(at),
      registryAway: registry?.isAway ? pipeline.registry?.url : undefined,
      disk: { folder: pipeline.state.dir, space: this.#disk.space },
      tasks: worker?.tasks.length ?? 0,
      waiting: this.#waiting(at),
      undecided: this.#undecided(),
      notRead: this.#notRead(),
      silence: this.#matching.silence,
    }
  }

  /** Epochs that fail. Where nothing waits to be done again that is over, though no epoch has been committed since. */
  #failing(at: number): Situation['failing'] {
    const { worker } = this.#parts
    this.#recoveringSince = worker?.recovering ? (this.#recoveringSince ?? at) : undefined
    if (worker?.failing === undefined) return undefined
    const { epochs, error } = worker.failing
    const lags =
      worker.recovering || lagsOf(worker, this.#parts.plan).some(({ records }) => records > 0)
    const stuck = at - (this.#recoveringSince ?? at) >= RECOVERING_MS
    const again = lags && epochs >= FAILED_EPOCHS
    return again || stuck ? { epochs, error: messageOf(error) } : undefined
  }

  /** Tasks that have input, and have taken none of it for a while. */
  #waiting(at: number): Situation['waiting'] {
    const { worker, dimensions } = this.#parts
    const before = this.#positions
    this.#positions = new Map()
    if (worker === undefined || worker.paused) return []
    const waiting: Situation['waiting'][number][] = []
    const slowest = slowestOf(dimensions)
    for (const { task, state } of worker.tasks) {
      const { number, partition, queues, rowWait } = task
      const records = queues.reduce((sum, { untaken }) => sum + untaken, 0)
      if (state !== 'running' || records === 0) continue
      const taken = queues.reduce((sum, queue) => sum + queue.taken, 0)
      const last = before.get(number)
      const since = last?.taken === taken ? last.since : at
      this.#positions.set(number, { taken, since })
      if (at - since < WAITING_MS) continue
      const isForRows = slowest !== undefined && (rowWait?.waiting ?? null) !== null
      const rows = isForRows ? rowsText(slowest) : null
      waiting.push({ task: partition, records, ms: at - since, rows })
    }
    return waiting
  }

  #undecided(): Situation['undecided'] {
    const { plan, worker, dimensions } = this.#parts
    const inputs = (worker?.tasks ?? []).flatMap(({ task: { queues, stage, partition } }) =>
      plan.stages[stage].topics.map((topic, side) => {
        return { input: `${topic}-${partition}`, ms: queues[side].undecidedMs }
      }),
    )
    const others = [...new Set(dimensions)].flatMap(({ topic, progress: { openTransaction } }) => {
      if (openTransaction === undefined) return []
      const { partition, ms } = openTransaction
      return [{ input: `${topic}-${partition}`, ms }]
    })
    return [...inputs, ...others].filter(({ ms }) => ms >= UNDECIDED_MS)
  }

  #notRead(): Situation['notRead'] {
    const { plan, inputs } = this.#parts
    if (inputs === undefined) return []
    return plan.sources
      .map(({ topic, index }) => {
        return { topic, partitions: inputs.partitions[index], read: inputs.read[index] }
      })
      .filter(({ partitions, read }) => partitions > read)
  }
}
