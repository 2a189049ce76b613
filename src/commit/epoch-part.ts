import { RecordBatchWriter } from '../broker/record-batch-writer.ts'
import type { Pipeline } from '../config/pipeline.ts'
import type { TaskEpoch } from '../task.ts'
import { encodeChangelog } from '../window/changelog.ts'
import type { EpochPart } from './commit.ts'

/** DESIGN's limit for one changelog record; the topic's own limit may be lower. */
const CHANGELOG_RECORD_BYTES = 512 * 1024
const NONE = Buffer.alloc(0)

export interface ChangelogTopic {
  readonly topic: string
  readonly layout: string
  readonly maxRecordBytes: number
}

/** Turns what a task has added to the epoch into what the commit sends and stores. */
export function epochPart(
  epoch: TaskEpoch,
  pipeline: Pipeline,
  changelog: ChangelogTopic,
): EpochPart {
  const { task, left, right, streamTime, closedBefore, nextPage, pages } = epoch
  const { partition } = task
  const header = { layout: changelog.layout, left, right, streamTime, closedBefore }
  const maxBytes = Math.min(CHANGELOG_RECORD_BYTES, changelog.maxRecordBytes)
  const inputs = [
    { topic: pipeline.facts.topic, partition, offset: left },
    { topic: pipeline.join.topic, partition, offset: right },
  ]
  return {
    batches: [...epoch.outputs, ...epoch.rejects],
    changelog: encodeChangelog(header, pages, maxBytes).map((value) =>
      changelogBatch(changelog.topic, partition, value),
    ),
    offsets: inputs.filter(({ offset }) => offset >= 0),
    async persist(changelogOffset) {
      const checkpoint = { changelogOffset, left, right, streamTime, closedBefore, nextPage }
      await task.store.write(pages, checkpoint)
      task.window.committed(pages)
      for (const segment of epoch.expired) await task.store.clearSegment(segment)
    },
  }
}

/** One record per batch: its offset is then the batch's. The timestamp is wall clock, never event time. */
function changelogBatch(topic: string, partition: number, value: Buffer): RecordBatchWriter {
  const writer = new RecordBatchWriter({
    topic,
    partition,
    transactional: true,
    compression: 'none',
  })
  writer.record(Date.now(), NONE, 0, -1, NONE, value, 0, value.length, NONE, 0, 0, NONE, 0, 0)
  return writer
}
