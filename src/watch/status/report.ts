/** How the instance is: its state, memory, progress, readiness and liveness. */

import { taskOf } from '../../broker/task-number.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { plural } from '../../config/text.ts'
import { keepsState } from '../../config/waits.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import { type Lag, lagOf } from '../../input/last-lags.ts'
import type { HeldTask } from '../../instance/held-task.ts'
import type { Worker } from '../../instance/worker.ts'
import type { Plan, Source } from '../../plan/plan.ts'
import type { Check } from '../http/health.ts'
import { spanText } from '../verdict/words.ts'
import type { ServiceParts } from './parts.ts'

/** Every state that an instance can be in. */
export const STATES = [
  'starting',
  'bootstrapping',
  'rebalancing',
  'restoring',
  'running',
  'paused',
  'draining',
] as const

export function stateOf(
  dimensions: readonly Dimension[],
  worker: Worker | undefined,
): (typeof STATES)[number] {
  if (worker === undefined) return dimensions.length === 0 ? 'starting' : 'bootstrapping'
  if (worker.draining) return 'draining'
  if (worker.paused) return 'paused'
  if (dimensions.some(({ isReady }) => !isReady)) return 'bootstrapping'
  if (!worker.joined) return 'rebalancing'
  return worker.tasks.some(({ state }) => state === 'restoring') ? 'restoring' : 'running'
}

interface SourceLag extends Lag {
  readonly source: Source
  readonly partition: number
}

/** How far each input of our tasks lags; one of which that is not known is left out. */
export function lagsOf(
  worker: Pick<Worker, 'tasks' | 'lastLags'>,
  { stages }: Pick<Plan, 'stages'>,
  now = Date.now(),
): SourceLag[] {
  const { tasks, lastLags } = worker
  const running = new Map(tasks.map(({ task }) => [task.number, task.queues]))
  const numbers = new Set([...running.keys(), ...lastLags.tasks])
  return [...numbers]
    .toSorted((a, b) => a - b)
    .flatMap((number) => {
      const { stage, partition } = taskOf(number, stages.length)
      return stages[stage].sources.flatMap((source, side) => {
        const queue = running.get(number)?.[side]
        const lag = (queue && lagOf(queue, now)) ?? lastLags.of(number, side, now)
        // A 0 that grows to the backlog once it is seen would look like input that outruns us.
        return lag === undefined ? [] : [{ source, partition, ...lag }]
      })
    })
}

/** Bytes that each part of the service holds; without a join there are neither pages nor an index. */
export function memoryParts({
  pipeline,
  dimensions,
  worker,
}: Pick<ServiceParts, 'pipeline' | 'dimensions' | 'worker'>): Record<string, number> {
  const bytes = { dimensions: 0, pages: 0, index: 0, fetch: 0, epoch: 0 }
  for (const { table } of new Set(dimensions)) bytes.dimensions += table.bytes
  for (const { task } of worker?.tasks ?? []) {
    const { pageBytes, indexBytes } = task.figures()
    bytes.pages += pageBytes
    bytes.index += indexBytes
    bytes.epoch += task.epochBytes
    for (const { bufferedBytes } of task.queues) bytes.fetch += bufferedBytes
  }
  if (keepsState(pipeline)) return bytes
  const { pages: _, index: __, ...others } = bytes
  return others
}

/** How far reading to a known end is; the times are those of `performance.now`. The time left goes by the pace so far; null before there is one. */
export function progress(
  remaining: number,
  total: number,
  begunMs: number,
  nowMs = performance.now(),
): { remaining: number; percent: number; secondsLeft: number | null } {
  const done = total - remaining
  const percent = total === 0 ? 0 : Math.floor((100 * done) / total)
  const seconds = (nowMs - begunMs) / 1000
  return {
    remaining,
    percent,
    secondsLeft: done > 0 ? Math.ceil((seconds * remaining) / done) : null,
  }
}

function waiting(name: string, what: string, far: ReturnType<typeof progress>): Check {
  const { remaining, percent, secondsLeft } = far
  const time = secondsLeft === null ? '' : ` and about ${spanText(secondsLeft * 1000)}`
  const detail = `${what}: ${percent} %, ${plural(remaining, 'offset')}${time} left`
  return { name, ok: false, detail, percent, secondsLeft }
}

/** The checks of readiness: what has to be so before the instance does its work. */
export function readiness(
  pipeline: Pipeline,
  dimensions: readonly Dimension[],
  worker: Worker | undefined,
): Check[] {
  const checks = pipeline.dimensions.map((config, d): Check => {
    const name = `dimension ${config.name}`
    const dimension = dimensions[d]
    if (dimension === undefined) return { name, ok: false, detail: 'not begun' }
    const { isReady, table } = dimension
    const { remaining, total, begunMs, waitsFor } = dimension.progress
    if (isReady) return { name, ok: true, detail: `${table.size} rows` }
    const far = waiting(name, 'reading', progress(remaining, total, begunMs))
    if (waitsFor === undefined) return far
    const { partition, offset, ms } = waitsFor
    const place = `${config.topic}-${partition}, open since offset ${offset}`
    const why = `waits for a transaction on ${place}, for ${Math.round(ms / 1000)} s`
    return { ...far, detail: `${far.detail}; ${why}`, secondsLeft: null }
  })
  if (worker?.draining) return [...checks, { name: 'instance', ok: false, detail: 'draining' }]
  const joined = worker?.joined ?? false
  const detail = joined ? 'joined' : 'joining'
  checks.push({ name: 'group', ok: joined, detail, passing: true })
  const tasks = worker?.tasks ?? []
  const restoring = tasks.filter(({ state }) => state === 'restoring')
  const unopened = (worker?.assigned ?? 0) - tasks.length
  if (restoring.length === 0) {
    const detail = `${tasks.length} running${unopened > 0 ? `, ${unopened} to be opened` : ''}`
    return [...checks, { name: 'tasks', ok: unopened <= 0, detail, passing: true }]
  }
  const sum = (of: (task: HeldTask) => number): number =>
    restoring.reduce((total, task) => total + of(task), 0)
  const far = progress(
    sum(({ restoreRemaining }) => restoreRemaining),
    sum(({ restoreTotal }) => restoreTotal),
    Math.min(...restoring.map(({ restoreBegun }) => restoreBegun)),
  )
  const check = waiting('tasks', `restoring ${restoring.length} of ${tasks.length}`, far)
  return [...checks, { ...check, passing: true }]
}

/** Where a start is: a text that changes with every row, page and record that it reads. */
export function startPosition(
  dimensions: readonly Dimension[],
  worker: Pick<Worker, 'joined' | 'assigned' | 'tasks'> | undefined,
): string {
  const read = dimensions.map(({ table, progress, isReady }) => [
    table.size,
    progress.remaining,
    isReady,
    // Grows with every answer: what waits for an open transaction is not stuck, and a new start would wait, too.
    progress.waitsFor?.ms,
  ])
  const restored = worker?.tasks.map(({ task, state, restoreRemaining }) => [
    task.number,
    state,
    restoreRemaining,
    task.figures().records,
  ])
  return JSON.stringify([read, worker?.joined, worker?.assigned, restored])
}

/** How long nothing may move before it is taken for stuck, in ms. */
export const patienceMs = (pipeline: Pipeline): number =>
  Math.max(3 * pipeline.kafka.sessionTimeoutMs, 120_000)

/** A loop that has not gone round for so long will not do so again. */
export function liveness(
  pipeline: Pipeline,
  worker: Pick<Worker, 'silentMs'> | undefined,
): Check[] {
  const most = patienceMs(pipeline)
  const silent = worker?.silentMs ?? 0
  const detail = `last round ${Math.round(silent / 1000)} s ago, ${most / 1000} s are allowed`
  return [{ name: 'loop', ok: silent <= most, detail }]
}
