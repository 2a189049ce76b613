import type { TopicPartition } from '../batch.ts'
import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { type Bytes, bytesOf, NO_BYTES } from '../bytes.ts'
import { encodeHeader, type StoredLayout, splitPages } from '../state/changelog.ts'
import { committedStateText } from '../state/committed-state.ts'
import { asCorrupt } from '../state/level.ts'
import type { Page } from '../state/page.ts'
import type { ReadersOf } from '../state/page-layouts.ts'
import type { StateEpoch } from '../state/task-state.ts'
import { topicIdHeaders } from '../state/topic-ids.ts'
import type { TaskEpoch } from '../task/task.ts'
import type { EpochPart } from './commit.ts'

/** The most that one changelog record has; the topic's own limit may be lower. */
const CHANGELOG_RECORD_BYTES = 512 * 1024

export interface ChangelogTopic extends StoredLayout {
  readonly topic: string
  /** Reads what is there in another layout; without it nothing of that is. */
  readonly readersOf?: ReadersOf
  readonly maxRecordBytes: number
  /** Deletes what a task needs no more, in the background. */
  shorten(partition: number, offset: number): void
}

/** What all tasks of a stage send with an epoch. */
export interface EpochTopics {
  /** Of the stage's sources. */
  readonly topics: readonly string[]
  /** The sources' ids; null, or none: the broker gives none. */
  readonly topicIds: readonly (string | null)[]
  /** null: the stage's tasks keep no state. */
  readonly changelog: ChangelogTopic | null
}

/** Turns what a task has added to the epoch into what the commit sends and stores. */
export function epochPart(epoch: TaskEpoch, to: EpochTopics): EpochPart {
  const { partition, offsets, state } = epoch
  const noted = state === null ? {} : { state: committedStateText(state.kept) }
  const read = to.topics.map((topic, source) => {
    const topicId = to.topicIds[source] ?? null
    return { topic, partition, offset: offsets[source], topicId, ...noted }
  })
  const part = {
    batches: [...epoch.outputs, ...epoch.rejects],
    offsets: read.filter(({ offset }) => offset >= 0),
  }
  const { changelog } = to
  if (state === null || changelog === null) {
    return { ...part, changelog: [], persist: async () => {} }
  }
  return {
    ...part,
    changelog: changelogRecords(epoch, state, changelog, topicIdHeaders(to.topicIds)),
    async persist(first, changelogOffset) {
      const needed = await state.committed(offsets, first, changelogOffset).catch((error) => {
        throw asCorrupt(error, partition)
      })
      if (needed !== undefined) changelog.shorten(partition, needed)
    },
  }
}

/** At least one: each carries the offsets. */
function changelogRecords(
  { partition, offsets }: TaskEpoch,
  { streamTime, closedBefore, nextPage, pages }: StateEpoch,
  { topic, layout, schemaIds, maxRecordBytes }: ChangelogTopic,
  headers: Bytes,
): RecordBatchWriter[] {
  const head = encodeHeader({ layout, schemaIds, offsets, streamTime, closedBefore, nextPage })
  const most = Math.min(CHANGELOG_RECORD_BYTES, maxRecordBytes) - head.length
  return splitPages(pages, most).map((some) =>
    changelogBatch({ topic, partition }, head, some, headers),
  )
}

/** One record per batch: its offset is then the batch's. The timestamp is wall clock, never event time. */
function changelogBatch(
  to: TopicPartition,
  head: Buffer,
  pages: readonly Page[],
  headers: Bytes,
): RecordBatchWriter {
  const bytes = pages.reduce((sum, page) => sum + page.end - page.start, head.length)
  const writer = new RecordBatchWriter({ ...to, transactional: true, compression: 'none' })
  writer.begin(Date.now(), NO_BYTES, 0, -1, bytes, headers.length)
  writer.append(bytesOf(head), 0, head.length)
  for (const { buffer, start, end } of pages) writer.append(buffer, start, end)
  writer.end(headers, 0, headers.length)
  return writer
}
