import type { Admin, Group, Reader, ReaderEvents } from '../broker/port.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { Task } from '../task/task.ts'
import { type ChangelogHeader, decodeChangelog, isEpoch, unreadable } from './changelog.ts'
import type { Page } from './page.ts'
import type { Checkpoint } from './page-store.ts'
import { checkTopicIds, topicIdsIn } from './topic-ids.ts'

export interface TakePorts {
  readonly pipeline: Pipeline
  readonly layout: string
  readonly changelogTopic: string
  readonly admin: Admin
  readonly group: Pick<Group, 'committed'>
  readonly log: Log
  /** By side: where the inputs begin for us. */
  readonly from: readonly number[]
  /** By side: the inputs' ids; null: the broker gives none. */
  readonly topicIds: readonly (string | null)[]
  createReader(events: ReaderEvents): Reader
  /** Of the changelog: offsets left to read, records and bytes that were just read. */
  onProgress(remaining: number, records: number, bytes: number): void
}

/** Restored pages go to LevelDB in batches of this size. */
const FLUSH_BYTES = 8 * 1024 * 1024

interface Restored {
  changelogOffset: number
  left: number
  right: number
  streamTime: number
  closedBefore: number
}

const NOTHING: Restored = {
  changelogOffset: -1,
  left: -1,
  right: -1,
  streamTime: Number.NEGATIVE_INFINITY,
  closedBefore: Number.NEGATIVE_INFINITY,
}

/**
 * Takes a task: (1) the stable committed offsets, which waits out a former owner's transaction;
 * (2) the window, from the local store and the changelog's tail, or from the changelog's head;
 * (3) the two must agree, for each epoch writes both in one transaction.
 * @returns the offsets to read from: facts, right stream
 */
export async function takeTask(task: Task, ports: TakePorts): Promise<[number, number]> {
  const { pipeline, admin, group } = ports
  const { partition, window } = task
  const inputs = [pipeline.facts.topic, pipeline.join.topic]
  const committed = await group.committed(inputs.map((topic) => ({ topic, partition })))
  // To the very end: the markers of the last transaction may have reached the group's offsets only.
  // The reader waits there until they, or those of an abort, have come.
  const [end, head] = await Promise.all([
    offsetOf(admin, ports.changelogTopic, partition, 'latest'),
    offsetOf(admin, ports.changelogTopic, partition, 'earliest'),
  ])

  const restored = await loadStore(task, ports, head, end)
  await readTail(task, ports, restored, Math.max(restored.changelogOffset, head), end)

  window.closing.restored(restored.closedBefore)
  task.streamTime = restored.streamTime
  task.dropExpired()
  // What expired before it was written is not in the store; a checkpoint of then speaks of it all the same.
  const segments = task.heads.entries.map(([segment]) => segment)
  task.heads.expire(segments.filter((segment) => window.segments.get(segment) === undefined))
  const offsets: [number, number] = [restored.left, restored.right]
  for (const [side, topic] of inputs.entries()) {
    const place = { topic, partition, committed: committed[side], stored: offsets[side] }
    // The broker forgets the offsets of a group that has been away for long; the changelog has them.
    if (committed[side] === -1 && offsets[side] >= 0) {
      ports.log.event('offsets_forgotten', place)
    } else if (committed[side] !== offsets[side]) throw offsetsChanged(place)
    task.queues[side].taken = offsets[side]
  }
  return startOffsets(inputs, partition, offsets, ports)
}

async function offsetOf(
  admin: Admin,
  topic: string,
  partition: number,
  at: Parameters<Admin['offsets']>[1],
): Promise<number> {
  return (await admin.offsets(topic, at, partition)).get(partition) ?? 0
}

/** A store that is of another layout or changelog, or behind the changelog's head, is cleared: the changelog has it all. */
async function loadStore(
  task: Task,
  ports: TakePorts,
  head: number,
  end: number,
): Promise<Restored> {
  const { partition, store, window, heads } = task
  const checkpoint = await store.checkpoint()
  const usable = checkpoint !== undefined && checkpoint !== 'other'
  const { changelogOffset } = usable ? checkpoint : NOTHING
  const isThere = changelogOffset > head && changelogOffset <= end
  if (!usable || !isThere || !(await hasEpoch(ports, partition, checkpoint))) {
    await store.clear()
    return { ...NOTHING }
  }
  for await (const page of store.pages()) {
    if (page === undefined) throw corrupt(task.partition, 'a damaged page')
    window.restore(page)
  }
  window.nextPage = checkpoint.nextPage
  heads.load(checkpoint.heads)
  return { ...checkpoint }
}

/**
 * Whether the changelog has the store's last epoch where the store had read it. It has not where the
 * pipeline was reset on another machine, or had another name, and the folder is of before.
 */
async function hasEpoch(
  ports: TakePorts,
  partition: number,
  checkpoint: Checkpoint,
): Promise<boolean> {
  const { changelogOffset: end, left, right, streamTime, closedBefore } = checkpoint
  const place = { topic: ports.changelogTopic, partition }
  let isThere = false
  await readPartition(ports, place, end - 1, end, async (columns) => {
    if (columns.length === 0 || columns.offsets[0] !== end - 1) return
    const { buffer, valueStarts, valueEnds } = columns
    const header = decodeChangelog(buffer, valueStarts[0], valueEnds[0])?.header
    isThere =
      header?.left === left &&
      header.right === right &&
      header.streamTime === streamTime &&
      header.closedBefore === closedBefore
    if (isThere) checkIds(ports, columns, 0)
  })
  return isThere
}

async function readTail(
  task: Task,
  ports: TakePorts,
  restored: Restored,
  from: number,
  end: number,
): Promise<void> {
  if (from >= end) return
  ports.onProgress(end - from, 0, 0)
  const { partition, window, store } = task
  const { layout, changelogTopic } = ports
  let pages: Page[] = []
  let bytes = 0
  const flush = async (): Promise<void> => {
    const heads = task.heads.entries
    await store.write(pages, { ...restored, nextPage: window.nextPage, heads })
    pages = []
    bytes = 0
  }
  await readPartition(ports, { topic: changelogTopic, partition }, from, end, async (columns) => {
    for (let i = 0; i < columns.length; i++) {
      const record = decodeChangelog(columns.buffer, columns.valueStarts[i], columns.valueEnds[i])
      if (record === undefined) {
        const version = columns.buffer[columns.valueStarts[i]]
        throw unreadable(changelogTopic, partition, columns.offsets[i], version)
      }
      if (!isEpoch(record.header)) continue
      checkLayout(record.header, layout, changelogTopic)
      const { left, right, streamTime, closedBefore, nextPage } = record.header
      Object.assign(restored, { left, right, streamTime, closedBefore })
      restored.changelogOffset = columns.offsets[i] + 1
      for (const page of record.pages) {
        window.nextPage = Math.max(window.nextPage, page.number + 1)
        window.restore(page)
        task.heads.add([page], columns.offsets[i])
        pages.push(page)
        bytes += page.end - page.start
      }
      // Also where no page is left: a former owner, which may come back, has used the numbers before.
      window.nextPage = Math.max(window.nextPage, nextPage)
    }
    // All of a changelog are of the same topics.
    if (columns.length > 0) checkIds(ports, columns, columns.length - 1)
    ports.onProgress(Math.max(0, end - columns.nextOffset), columns.length, columns.buffer.length)
    if (bytes > FLUSH_BYTES) await flush()
  })
  await flush()
}

type Columns = Parameters<ReaderEvents['onFetched']>[0]['columns']

/** Reads a partition up to `end`; batches are handled one after the other. */
async function readPartition(
  ports: TakePorts,
  partition: { topic: string; partition: number },
  from: number,
  end: number,
  handle: (columns: Columns) => Promise<void>,
): Promise<void> {
  let reader: Reader | undefined
  try {
    await new Promise<void>((resolve, reject) => {
      let work = Promise.resolve()
      reader = ports.createReader({
        onFetched: ({ columns }) => {
          reader!.pause(partition)
          work = work
            .then(() => handle(columns))
            .then(() => {
              if (columns.nextOffset >= end) resolve()
              else reader!.resume(partition)
            }, reject)
        },
        onError: (_partition, error) => reject(error),
      })
      reader.add(partition, from)
    })
  } finally {
    await reader?.close()
  }
}

/** The offsets in a changelog record are of the topics whose ids it has. */
function checkIds(
  { pipeline, topicIds }: TakePorts,
  { buffer, headerStarts }: Columns,
  i: number,
): void {
  const topics = [pipeline.facts.topic, pipeline.join.topic]
  checkTopicIds(topics, topicIdsIn(buffer, headerStarts[i]), topicIds)
}

function checkLayout(header: ChangelogHeader, layout: string, topic: string): void {
  if (header.layout !== layout) throw layoutChanged(topic, header.layout, layout)
}

/** @param stored of the records in the changelog */
export function layoutChanged(topic: string, stored: string, layout: string): EnricherError {
  const message = `The stored records in ${topic} were written for another pipeline (selected fields or schemas differ). Give the changed pipeline another name, or run \`stream-enricher reset\``
  return new EnricherError('STATE_LAYOUT_CHANGED', message, {
    fields: { topic, stored, pipeline: layout },
  })
}

function corrupt(partition: number, what: string): EnricherError {
  return new EnricherError('STATE_CORRUPT', `The window store of task ${partition} has ${what}`, {
    fields: { partition },
  })
}

interface OffsetPlace {
  readonly topic: string
  readonly partition: number
  readonly committed: number
  readonly stored: number
}

function offsetsChanged(place: OffsetPlace): EnricherError {
  const { topic, partition, committed, stored } = place
  const message = `The group's offset of ${topic}-${partition} is ${committed}, but the window store was written up to ${stored}: offsets were changed from outside, or the changelog is not this group's. Restore the offset, or delete the group's offsets, the changelog topic and the state folder`
  return new EnricherError('OFFSETS_CHANGED', message, { fields: { ...place } })
}

/** The offsets to go on at; where there is none, or retention has passed it by, the topic's beginning. */
async function startOffsets(
  topics: readonly string[],
  partition: number,
  offsets: readonly number[],
  { admin, log, from }: TakePorts,
): Promise<[number, number]> {
  const starts = await Promise.all(
    topics.map(async (topic, side) => {
      const offset = offsets[side]
      const [earliest, end] = await Promise.all([
        offsetOf(admin, topic, partition, 'earliest'),
        offsetOf(admin, topic, partition, 'stable'),
      ])
      if (offset > end) throw topicAnew(topic, partition, offset, end)
      if (offset >= 0 && earliest > offset) {
        const lost = earliest - offset
        log.event('records_deleted_unread', { topic, partition, offset, earliest, lost })
      }
      return Math.max(earliest, offset, from[side])
    }),
  )
  return [starts[0], starts[1]]
}

function topicAnew(topic: string, partition: number, offset: number, end: number): EnricherError {
  const message = `The group has read ${topic}-${partition} up to ${offset}, but it ends at ${end}: the topic was created anew. To begin with the new one, stop all instances and run \`stream-enricher reset\`, or give the pipeline another name`
  return new EnricherError('OFFSETS_CHANGED', message, {
    fields: { topic, partition, offset, end },
  })
}
