/**
 * The layout of the window, as the changelog has it. All partitions are of one: an instance stores in the
 * layout that the changelog names. Where there is no epoch yet, each announces its own by a record in
 * partition 0, and the first there counts for all.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../broker/port.ts'
import { lastRanges, readTopic } from '../broker/read-topic.ts'
import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import {
  type ChangelogHeader,
  decodeChangelog,
  encodeHeader,
  isEpoch,
  isNewer,
  type StoredLayout,
  unreadable,
} from './changelog.ts'

/** Offsets at a partition's end that are looked through for an epoch: transactions' markers, and aborted ones, take some. */
const TAILS = [20, 1000, Number.POSITIVE_INFINITY]
const TIMEOUT_MS = 10_000
const AGAIN_MS = 20

export interface ChangelogHeaders {
  /** Of the last epoch in each partition; undefined: it has none. */
  readonly last: ReadonlyMap<number, ChangelogHeader | undefined>
  /** What instances have announced before there was an epoch, in the order in which it counts. */
  readonly announced: readonly ChangelogHeader[]
}

export const NO_HEADERS: ChangelogHeaders = { last: new Map(), announced: [] }

export async function readHeaders(broker: Broker, topic: string): Promise<ChangelogHeaders> {
  const last = new Map<number, ChangelogHeader | undefined>()
  const announced = new Map<number, ChangelogHeader>()
  const read = async (count: number): Promise<void> => {
    const ranges = await lastRanges(broker, topic, count)
    for (const { partition } of ranges) if (!last.has(partition)) last.set(partition, undefined)
    const unknown = ranges.filter(({ partition }) => last.get(partition) === undefined)
    await readTopic(broker, topic, unknown, ({ partition, offset, value }) => {
      const header = value === null ? undefined : decodeChangelog(value, 0, value.length)?.header
      // A restore may have passed by what others have written; by a newer release's epochs it has not.
      if (isNewer(value?.[0])) throw unreadable(topic, partition, offset, value?.[0])
      if (header === undefined) return
      if (isEpoch(header)) last.set(partition, header)
      else announced.set(offset, header)
    })
  }
  for (const count of TAILS) {
    await read(count)
    if (![...last.values()].includes(undefined)) break
  }
  const inOrder = [...announced].sort(([a], [b]) => a - b).map(([, header]) => header)
  return { last, announced: inOrder }
}

/**
 * The layouts of which the first that the pipeline can have counts. Of epochs it is one, that of the newest schemas, as a registry
 * counts them; what was announced may also be of the pipeline as it was before a change, with nothing stored.
 */
export function storedLayouts(headers: ChangelogHeaders): readonly StoredLayout[] {
  const layouts = epochLayouts(headers)
  if (layouts.length === 0) return headers.announced
  return [layouts.reduce((best, one) => (newness(one) > newness(best) ? one : best))]
}

const newness = ({ schemaIds }: StoredLayout): number => schemaIds.reduce((sum, id) => sum + id, 0)

/** Of the last epochs: several where the output's schema evolves, and not all partitions have an epoch of the newest. */
export function epochLayouts({ last }: ChangelogHeaders): StoredLayout[] {
  const known = new Map<string, StoredLayout>()
  for (const { layout, schemaIds } of epochsOf(last)) {
    const before = known.get(layout)?.schemaIds ?? []
    if (before.length === 0) known.set(layout, { layout, schemaIds })
  }
  return [...known.values()]
}

export const hasEpochs = ({ last }: ChangelogHeaders): boolean => epochsOf(last).length > 0

const epochsOf = (last: ChangelogHeaders['last']): ChangelogHeader[] =>
  [...last.values()].filter((header) => header !== undefined)

/** Writes the layout, before the first epoch; once this resolves it can be read. */
export async function announceLayout(
  broker: Broker,
  topic: string,
  transactionalId: string,
  { layout, schemaIds }: StoredLayout,
): Promise<void> {
  const to = { topic, partition: 0, transactional: true, compression: 'none' } as const
  const batch = new RecordBatchWriter(to)
  const never = Number.NEGATIVE_INFINITY
  const nothing = { offsets: [], streamTime: never, closedBefore: [], nextPage: 0 }
  const header = { layout, schemaIds, ...nothing }
  batch.recordOf(Date.now(), { key: null, value: encodeHeader(header), headers: [] })
  const producer = broker.producer({ transactionalId, timeoutMs: TIMEOUT_MS })
  try {
    await producer.init()
    producer.begin()
    const [offset] = await producer.send([batch])
    await producer.commit()
    // Markers are written after the answer, and earlier transactions of others may still be open.
    while ((await broker.admin.offsets(topic, 'stable')).get(0)! <= offset) await sleep(AGAIN_MS)
  } finally {
    await producer.close()
  }
}
