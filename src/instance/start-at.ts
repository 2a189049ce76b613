/**
 * Where a group begins that has never committed, if not at the beginning of its topics: decided once, for all partitions, and
 * committed as an epoch before any record is read. So a process that dies before its first commit changes nothing of it: what
 * comes meanwhile is behind the place. A partition that is added later has no offset, while others have: it is read from its beginning.
 *
 * It is of the inputs, whatever stages read them: internal topics are empty then.
 *
 * Instances that start at the same time have one transactional id for it. Whoever begins ends what another has open, and looks for
 * offsets after that: between the look and its own commit no other can have committed.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker, Group, Membership, TransactionalProducer } from '../broker/port.ts'
import { commitEpoch } from '../commit/commit.ts'
import { type ChangelogTopic, epochPart } from '../commit/epoch-part.ts'
import { codeOf } from '../errors.ts'
import type { Log } from '../events.ts'
import { type Plan, type Source, startsElsewhere, startTransactionalId } from '../plan/plan.ts'
import { hasEpochs, readHeaders } from '../state/stored-layout.ts'

export interface StartAtOptions {
  readonly broker: Broker
  readonly group: Pick<Group, 'committed'>
  readonly plan: Plan
  /** By stage: how many partitions its sources have. */
  readonly partitions: readonly number[]
  /** Of all sources; null: the broker gives none. */
  readonly topicIds: readonly (string | null)[]
  /** Of the stages that keep state, in their order. */
  readonly changelogs: readonly ChangelogTopic[]
  /** The wall clock, in ms. */
  readonly now: () => number
  readonly log: Log
}

const TIMEOUT_MS = 10_000
/** How often another may have come in between: each of them has then found out by itself. */
const MOST_TRIES = 20
const AGAIN_MS = 100
/** Nobody of the group: it is decided before it is joined. */
const NO_MEMBER: Membership = { generationId: -1, memberId: '', groupInstanceId: null }

/** Does nothing where the group has an offset, or the window's changelog an epoch. Throws what a commit does. */
export async function decideStart(options: StartAtOptions): Promise<void> {
  const { broker, plan, log } = options
  if (!startsElsewhere(plan)) return
  if (await hasBegun(options)) return
  const producer = broker.producer({
    transactionalId: startTransactionalId(plan.name),
    timeoutMs: TIMEOUT_MS,
  })
  try {
    for (let tries = 1; ; tries++) {
      try {
        await producer.init()
        if (await hasBegun(options)) return
        const starts = await commitStart(options, producer)
        for (const { topic, index } of inputsOf(plan)) {
          log.event('start_decided', { topic, offsets: starts[index] })
        }
        return
      } catch (error) {
        const code = codeOf(error)
        const isAnother = code === 'FENCED' || code === 'EPOCH_ABORTED'
        if (!isAnother || tries === MOST_TRIES) throw error
        await sleep(AGAIN_MS * (1 + Math.random()))
        if (await hasBegun(options)) return
      }
    }
  } finally {
    await producer.close()
  }
}

/** The broker forgets the offsets of a group that has been away for long; the changelog has them. */
async function hasBegun(options: StartAtOptions): Promise<boolean> {
  const { broker, group, plan, partitions, changelogs } = options
  const places = plan.stages.flatMap(({ sources, number }) =>
    sources.filter(isInput).flatMap(({ topic }) => {
      return Array.from({ length: partitions[number] }, (_, partition) => ({ topic, partition }))
    }),
  )
  const committed = await group.committed(places)
  if (committed.some(({ offset }) => offset >= 0)) return true
  for (const { topic } of changelogs) {
    if (hasEpochs(await readHeaders(broker, topic))) return true
  }
  return false
}

/** An epoch of all tasks that has done nothing but begin. @returns the offsets, by source of the plan and partition */
async function commitStart(
  { broker, plan, partitions, topicIds, changelogs, now }: StartAtOptions,
  producer: TransactionalProducer,
): Promise<number[][]> {
  const begun = now()
  const starts = await Promise.all(
    plan.sources.map((source) => {
      const stage = plan.stages.find(({ sources }) => sources.includes(source))!
      return startsOf(source, partitions[stage.number], begun, broker.admin)
    }),
  )
  const parts = plan.stages.flatMap(({ number, sources, topics, state }) => {
    const stored = state === null ? null : changelogs[state.number]
    const ids = sources.map(({ index }) => topicIds[index])
    return Array.from({ length: partitions[number] }, (_, partition) =>
      epochPart(
        {
          partition,
          outputs: [],
          outputTimes: new Float64Array(0),
          rejects: [],
          offsets: sources.map(({ index }) => starts[index][partition]),
          state: stored && {
            streamTime: Number.NEGATIVE_INFINITY,
            closedBefore: [],
            nextPage: 0,
            kept: { firstPage: null, waiting: 0, streamTime: null },
            pages: [],
            committed: async () => undefined,
          },
        },
        { topics, topicIds: ids, changelog: stored },
      ),
    )
  })
  await commitEpoch(parts, [], {
    producer,
    group: { membership: () => NO_MEMBER },
    groupId: plan.name,
    onStep: () => {},
  })
  return starts
}

const isInput = ({ origin }: Source): boolean => origin === null

const inputsOf = ({ sources }: Plan): Source[] => sources.filter(isInput)

/** Where each partition begins; -1: nothing is said, as the topic has no records yet. */
async function startsOf(
  { topic, startAt, origin }: Source,
  partitions: number,
  now: number,
  admin: Broker['admin'],
): Promise<number[]> {
  if (origin !== null) return new Array(partitions).fill(-1)
  // The end as readers of what is committed see it: what a transaction that is open has written comes out later.
  const ends = await admin.offsets(topic, startAt === 'earliest' ? 'earliest' : 'stable')
  const at = (found: ReadonlyMap<number, number>): number[] =>
    Array.from({ length: partitions }, (_, partition) => {
      const offset = found.get(partition) ?? -1
      return offset >= 0 ? offset : (ends.get(partition) ?? 0)
    })
  if (typeof startAt === 'string') return at(ends)
  const time = 'at' in startAt ? startAt.at : now - startAt.agoMs
  // Asked for after the end: what comes between the two questions is behind it, or found.
  return at(await admin.offsets(topic, Math.max(0, Math.floor(time))))
}
