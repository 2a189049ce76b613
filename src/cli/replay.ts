/** `replay FILE --output TOPIC`: facts of a time once more, through what the pipeline is now, into another topic. */

import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../broker/port.ts'
import { hasRecords } from '../broker/read-topic.ts'
import { comesOutAlone } from '../config/join-kind.ts'
import { loadPipeline } from '../config/load.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { countText, plural } from '../config/text.ts'
import { inputTopics, internalTopics, ownTopics } from '../config/topic-names.ts'
import type { Counts } from '../counts/counts.ts'
import type { Times } from '../input/interval.ts'
import { type Plan, planOf } from '../plan/plan.ts'
import { prepareTopics } from '../plan/topics.ts'
import { type Service, startService } from '../service.ts'
import { createLog } from '../watch/log/log.ts'
import { graceOf, latenessOf } from '../window/lateness.ts'
import { withBroker } from './connect.ts'
import { InternalEnds } from './internal-ends.ts'
import { type ReplayInterval, replayInterval } from './replay-interval.ts'
import { refuseWhileActive, removalsOf } from './reset.ts'
import { killAfterStep } from './run.ts'
import { print, progress, quietLog } from './terminal.ts'

export interface ReplayOptions {
  readonly output: string
  /** Event times, in ms. */
  readonly from?: number
  readonly to?: number
  readonly append?: true
  readonly discard?: true
}

const LONGEST_TOPIC = 249

export async function replay(file: string, options: ReplayOptions): Promise<void> {
  const { from = Number.NEGATIVE_INFINITY, to = Number.POSITIVE_INFINITY } = options
  const source = loadPipeline(file, process.env)
  checkOptions(source, options.output, { from, to })
  const pipeline = replayPipeline(source, options.output, { from, to })
  if (options.discard) return discard(pipeline)

  const { interval, resumes } = await withBroker(pipeline.kafka, async (broker) => {
    await refuseWhileActive(pipeline, broker)
    const offsets = await broker.administration.groupOffsets(pipeline.name)
    const isResumed = offsets.some(({ offset }) => offset >= 0)
    if (!isResumed && !options.append) {
      for (const { topic } of pipeline.outputs) await refuseFilled(topic, broker)
    }
    const { limits } = await prepareTopics(pipeline, broker.admin, quietLog)
    const facts = { from, to }
    const aheadMs = Math.min(...pipeline.outputs.map(({ topic }) => limits.get(topic)!.aheadMs))
    return {
      interval: await replayInterval(pipeline, facts, aheadMs, broker.admin),
      resumes: isResumed,
    }
  })
  print(`${resumes ? 'Going on with' : 'Replaying'} ${intervalText(source, interval.rows)}`)
  for (const topic of interval.shortened) {
    print(`The beginning of ${topic} is deleted already, by retention: what was there is not in it`)
  }
  const begun = performance.now()
  const { counts, isComplete } = await work(pipeline, interval)
  const seconds = Math.max(1, Math.round((performance.now() - begun) / 1000))
  for (const line of summary(pipeline, counts)) print(line)
  if (!isComplete) {
    throw new Error(
      `Stopped before the end. What was written stays; the same command goes on from there, once, and with --discard deletes its ${storedText(pipeline)}`,
    )
  }
  await withBroker(pipeline.kafka, (broker) => remove(pipeline, broker))
  const again = resumes ? ', beside what an earlier run has written' : ''
  const { undecided } = interval
  const but = undecided.length === 0 ? '' : ', but for transactions that were open when it began'
  print(`Complete after ${plural(seconds, 'second')}${again}${but}`)
  for (const { topic, partition, from, to } of undecided) {
    const which = `${topic}-${partition} from offset ${from} on`
    print(`  ${which}, ${plural(to - from, 'offset')}: what is committed of that is not in it`)
  }
  if (isOpen(source, to)) {
    print('The last windows were still open: records that come from now on are not in it')
  }
}

const storedText = (pipeline: Pipeline): string =>
  internalTopics(pipeline).length === 0 ? 'group and state' : 'group, internal topics and state'

/** Whether records before `to` may still meet others. */
function isOpen({ joins }: Pipeline, to: number): boolean {
  /** How much later than its fact a left record of the join may be, and is looked for. */
  let laterMs = 0
  const openMs = joins.map((join) => {
    const { kind, beforeMs, afterMs } = join
    const reachMs = comesOutAlone(kind, 'right') ? Math.max(beforeMs, afterMs) : afterMs
    const ms = laterMs + reachMs + graceOf(join)
    laterMs += afterMs + latenessOf(join).heldMs
    return ms
  })
  return openMs.some((ms) => to + ms > Date.now())
}

function checkOptions(pipeline: Pipeline, output: string, { from, to }: Times): void {
  if (!(from < to)) throw new Error('--from has to be before --to')
  if (!/^[a-zA-Z0-9._-]{1,240}$/.test(output)) throw new Error(`${output} is no name for a topic`)
  const own = [...inputTopics(pipeline), ...ownTopics(pipeline)]
  const taken = [output, `${output}.rejects`].find((topic) => own.includes(topic))
  if (taken === undefined) return
  throw new Error(
    `${taken} is a topic of ${pipeline.name}, which a replay does not touch; name another one with --output`,
  )
}

/**
 * The same pipeline with a group, topics and a state folder of its own. Their name says what is
 * replayed: a replay that was interrupted is found again by the same command, and by no other.
 */
function replayPipeline(pipeline: Pipeline, output: string, { from, to }: Times): Pipeline {
  const ends = [from, to].map((time) => (Number.isFinite(time) ? time : 'open'))
  const name = `${pipeline.name}-replay-${output}-${ends.join('-')}`
  const internal = internalTopics({ ...pipeline, name })
  if ([name, ...internal].some(({ length }) => length > LONGEST_TOPIC)) {
    throw new Error(`${name} is too long for a group; take a shorter --output`)
  }
  return {
    ...pipeline,
    name,
    kafka: { ...pipeline.kafka, instanceId: null },
    // The interval says where it begins.
    facts: { ...pipeline.facts, startAt: 'earliest' },
    joins: pipeline.joins.map((one) => ({ ...one, startAt: 'earliest' })),
    ...replayOutputs(pipeline, output),
    state: { ...pipeline.state, dir: join(pipeline.state.dir, name) },
    http: { ...pipeline.http, port: 0, host: '127.0.0.1', advertise: null, token: null },
  }
}

/** One output's topic has the name that is asked for; several have it before their own. */
function replayOutputs({ outputs }: Pipeline, name: string): Pick<Pipeline, 'output' | 'outputs'> {
  const named = outputs.map((output) => ({
    ...output,
    topic: outputs.length === 1 ? name : `${name}.${output.path.at(-1)}`,
    rejects: `${name}.rejects`,
  }))
  return { output: named[0], outputs: named }
}

/** Whoever replays twice by mistake would have everything twice. */
async function refuseFilled(topic: string, broker: Broker): Promise<void> {
  if (!(await broker.admin.describeTopics([topic])).has(topic)) return
  // What a replay has left that was killed in its first commit is aborted: the same command begins anew.
  if (!(await hasRecords(broker, topic))) return
  throw new Error(`${topic} has records already; name another topic, or add to them with --append`)
}

/** Until everything is committed, or a signal comes. Throws what the service cannot go on with. */
async function work(
  pipeline: Pipeline,
  interval: ReplayInterval,
): Promise<{ counts: Counts | undefined; isComplete: boolean }> {
  let isStopped = false
  const stop = (): void => {
    isStopped = true
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  let fault: { readonly error: unknown } | undefined
  const fail = (error: unknown): void => {
    fault ??= { error }
  }
  const log = await createLog(process.env.LOG_LEVEL, 'warn')
  let service: Service | undefined
  startService(pipeline, log, killAfterStep(process.env.ENRICHER_KILL_AFTER), fail, interval).then(
    (started) => {
      service = started
    },
    fail,
  )
  const plan = planOf(pipeline)
  const { total, behind } = measure(plan, interval)
  const ends = new InternalEnds(plan, fail)
  const bar = progress('Replaying', total)
  while (!isStopped && fault === undefined && !service?.worker.hasEnded()) {
    if (service !== undefined) {
      bar.at(behind(service))
      ends.look(service)
    }
    await sleep(50)
  }
  bar.end()
  if (fault !== undefined) throw fault.error
  const isComplete = service?.worker.hasEnded() ?? false
  await service?.stop()
  return { counts: service?.counts, isComplete }
}

/** Counts offsets of all inputs. */
function measure(
  { stages }: Plan,
  { expected }: ReplayInterval,
): { total: number; behind(service: Service): number } {
  const total = expected
    .flatMap((offsets) => [...offsets.values()])
    .reduce((sum, { from, to }) => sum + to - from, 0)
  return {
    total,
    behind: ({ worker }) =>
      worker.tasks.reduce(
        (sum, { task }) =>
          stages[task.stage].sources.reduce((all, { index }, side) => {
            const { from, to } = expected[index].get(task.partition) ?? { from: 0, to: 0 }
            return all + Math.min(Math.max(task.queues[side].taken - from, 0), to - from)
          }, sum),
        0,
      ),
  }
}

function intervalText({ facts }: Pipeline, { from, to }: Times): string {
  const text = (time: number): string => new Date(time).toISOString()
  const begin = Number.isFinite(from) ? `from ${text(from)}` : 'from the beginning'
  const end = Number.isFinite(to) ? `to before ${text(to)}` : 'to its end as of now'
  return `${facts.topic} ${begin} ${end}`
}

function summary({ outputs, output }: Pipeline, counts: Counts | undefined): string[] {
  if (counts === undefined) return []
  const written = (topic: string): string => countText(counts.produced.get(topic) ?? 0)
  const facts = counts.consumed[0] - counts.outside[0]
  const dropped = [
    [counts.droppedLate, 'late'] as const,
    [counts.droppedEarly, 'too far ahead of the clock'] as const,
    [counts.droppedMissing, 'without a dimension row, or without what they are joined by'] as const,
    [counts.otherTypes.total, 'of another type'] as const,
    [counts.filtered.total, 'not taken by where'] as const,
  ].filter(([count]) => count > 0)
  return [
    `  ${countText(facts)} facts read`,
    ...outputs.map(({ topic }) => `  ${written(topic)} records written to ${topic}`),
    `  ${written(output.rejects)} rejected to ${output.rejects}`,
    ...dropped.map(([count, what]) => `  ${countText(count)} ${what}, and dropped`),
  ]
}

async function discard(pipeline: Pipeline): Promise<void> {
  await withBroker(pipeline.kafka, async (broker) => {
    await refuseWhileActive(pipeline, broker)
    const removed = await remove(pipeline, broker)
    for (const text of removed) print(`deleted ${text}`)
    if (removed.length === 0) print('Nothing is left of such a replay')
  })
}

async function remove(pipeline: Pipeline, broker: Broker): Promise<string[]> {
  const removals = await removalsOf(pipeline, broker)
  for (const removal of removals) await removal.remove()
  rmSync(pipeline.state.dir, { recursive: true, force: true })
  return removals.map(({ text }) => text)
}
