/** `rejects retry FILE`: puts records that were rejected back into their topics, once what was wrong is mended. */
import type { Broker } from '../../broker/port.ts'
import { loadPipeline } from '../../config/load.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { countText, plural } from '../../config/text.ts'
import { print } from '../terminal.ts'
import { Fates, whyText } from './fates.ts'
import { ledgerTopic, retryTransactionalId } from './ledger.ts'
import { accessTo, onRejects } from './on-rejects.ts'
import { PutBack } from './put-back.ts'
import { coordinatesText } from './reject.ts'
import { type Selection, selector } from './selection.ts'

export interface RetryOptions extends Selection {
  readonly limit?: number
  readonly dryRun?: true
  readonly force?: true
}

export async function rejectsRetry(file: string, options: RetryOptions): Promise<void> {
  const { limit = Number.POSITIVE_INFINITY, since, dryRun: isDry = false, force = false } = options
  const pipeline = loadPipeline(file, process.env)
  const isWanted = selector(options)
  await onRejects(pipeline, async (broker, rejects) => {
    await refuseDenied(broker, rejects, isDry)
    const fates = await Fates.create(broker, pipeline, force)
    sayBefore(pipeline, fates, force)
    const isStopped = untilSignal()
    const job = { rejects, since, isWanted, limit, fates, isDry, isStopped }
    const putBack = new PutBack(broker, job)
    try {
      await putBack.run()
    } finally {
      for (const line of summary(putBack, pipeline, isDry)) print(line)
    }
    if (isStopped()) throw new Error('Stopped before the end; the same command goes on from there')
  })
}

/** Throws where this user lacks a right that every retry needs. */
async function refuseDenied(broker: Broker, rejects: string, isDry: boolean): Promise<void> {
  const topic = ledgerTopic(rejects)
  const access = await accessTo(broker, topic)
  if (access?.state === 'there') {
    const needed = isDry ? (['read'] as const) : (['read', 'write'] as const)
    const lacking = needed.filter((operation) => !access.allowed.has(operation))
    if (lacking.length > 0) throw new Error(lackText(lacking.join(' and '), `the topic ${topic}`))
  }
  if (access?.state === 'hidden') {
    throw new Error(lackText('describe, read, write and create', `the topic ${topic}`))
  }
  if (isDry) return
  const id = retryTransactionalId(rejects)
  if (await broker.administration.mayUseTransactionalId(id)) return
  throw new Error(lackText('write', `the transactional id ${id}`))
}

const lackText = (rights: string, what: string): string =>
  `This user lacks a right that a retry needs; give it ${rights} on ${what}`

function sayBefore(pipeline: Pipeline, fates: Fates, isForced: boolean): void {
  for (const topic of fates.restamping) {
    print(
      `${topic} gives records the time at which they are written (message.timestamp.type): what goes back there does not keep its own`,
    )
  }
  if (!isForced || pipeline.joins.length === 0) return
  print('What comes late goes back, too (--force): the join does with it as its `late` says')
}

/** A signal is heard between two transactions. */
function untilSignal(): () => boolean {
  let isStopped = false
  const stop = (): void => {
    isStopped = true
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
  return () => isStopped
}

function summary({ back, left }: PutBack, pipeline: Pipeline, isDry: boolean): string[] {
  const verb = isDry ? 'Would put back' : 'Put back'
  const stay = left.all.map(({ kind, topic, count, example }) => {
    const where = `${countText(count)} of ${topic || 'nowhere'}`
    return `  ${where}: ${whyText(kind, topic, pipeline)} (as ${coordinatesText(example)})`
  })
  return [
    `${verb} ${plural(back.total, 'record')}`,
    ...back.all.map(({ kind, topic, count }) => `  ${countText(count)} of ${topic}: ${kind}`),
    ...(left.total === 0 ? [] : [`Left ${plural(left.total, 'reject')}`, ...stay]),
  ]
}
