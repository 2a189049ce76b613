import type { TopicPartition } from '../batch.ts'
import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import { type Bytes, bytesOf } from '../bytes.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { encodeHeader, splitPages } from '../state/changelog.ts'
import { asCorrupt } from '../state/level.ts'
import type { Page } from '../state/page.ts'
import { topicIdHeaders } from '../state/topic-ids.ts'
import type { TaskEpoch } from '../task/task.ts'
import type { EpochPart } from './commit.ts'

/** DESIGN's limit for one changelog record; the topic's own limit may be lower. */
const CHANGELOG_RECORD_BYTES = 512 * 1024

const SHORTEN_EVERY = 1000

export interface ChangelogTopic {
  readonly topic: string
  readonly layout: string
  /** Those of `ChangelogHeader`. */
  readonly schemaIds: readonly number[]
  readonly maxRecordBytes: number
  /** Deletes what a task needs no more, in the background. */
  shorten(partition: number, offset: number): void
}

/**
 * Turns what a task has added to the epoch into what the commit sends and stores.
 * @param topicIds of the inputs, by side; null, or none: the broker gives none
 */
export function epochPart(
  epoch: TaskEpoch,
  pipeline: Pipeline,
  changelog: ChangelogTopic,
  topicIds: readonly (string | null)[] = [],
): EpochPart {
  const { task, left, right, streamTime, closedBefore, nextPage, pages } = epoch
  const { partition } = task
  const { layout, schemaIds } = changelog
  const state = { left, right, streamTime, closedBefore, nextPage }
  const head = encodeHeader({ layout, schemaIds, ...state })
  const maxBytes = Math.min(CHANGELOG_RECORD_BYTES, changelog.maxRecordBytes)
  const headers = topicIdHeaders(topicIds)
  const records = splitPages(pages, maxBytes - head.length).map((some) =>
    changelogBatch({ topic: changelog.topic, partition }, head, some, headers),
  )
  const inputs = [
    { topic: pipeline.facts.topic, partition, offset: left },
    { topic: pipeline.join.topic, partition, offset: right },
  ]
  return {
    batches: [...epoch.outputs, ...epoch.rejects],
    changelog: records,
    offsets: inputs.filter(({ offset }) => offset >= 0),
    async persist(first, changelogOffset) {
      const { heads } = task
      heads.add(pages, first)
      heads.expire(epoch.expired)
      const checkpoint = { ...state, changelogOffset, heads: heads.entries }
      await task.writeBack.add(pages, checkpoint).catch((error) => {
        throw asCorrupt(error, partition)
      })
      // Also now and then where nothing expires: records that store nothing add checkpoints, too.
      if (epoch.expired.length === 0 && ++task.unshortened < SHORTEN_EVERY) return
      task.unshortened = 0
      task.writeBack.expire(heads.page(nextPage))
      changelog.shorten(partition, heads.offset(first))
    },
  }
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
  writer.value(Date.now(), bytes, headers)
  writer.append(bytesOf(head), 0, head.length)
  for (const { buffer, start, end } of pages) writer.append(buffer, start, end)
  writer.endValue(headers)
  return writer
}
