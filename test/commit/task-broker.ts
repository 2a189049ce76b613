import type { Reader, ReaderEvents } from '../../src/broker/port.ts'
import { decodeRecordBatches } from '../../src/broker/record-columns.ts'
import type { RestorePorts } from '../../src/state/restore.ts'
import { groupAt } from '../support/task-context.ts'

/** What the broker has of one task: its changelog, the group's offsets, and the outputs. */
export class Broker {
  /** By offset; undefined: a transaction's marker, or a record of an aborted one. */
  readonly log: (Buffer | undefined)[] = []
  head = 0
  /** By source. */
  committed: readonly number[]
  readonly outputs: string[] = []

  constructor(sources = 2) {
    this.committed = Array.from({ length: sources }, () => -1)
  }

  restorePorts(topics: readonly string[], layout: string): RestorePorts {
    const { head, committed, log } = this
    const ends = { earliest: head, latest: log.length, stable: log.length }
    return {
      topics,
      layout,
      changelogTopic: 'changelog',
      admin: {
        offsets: async (topic: string, at: 'earliest' | 'latest' | 'stable') =>
          new Map([[0, topic === 'changelog' ? ends[at] : at === 'earliest' ? 0 : 1e9]]),
      } as unknown as RestorePorts['admin'],
      group: groupAt(committed),
      topicIds: [null, null],
      log: { event: () => {} } as unknown as RestorePorts['log'],
      onProgress: () => {},
      createReader: (events) => readerOf(log, events),
    }
  }
}

function readerOf(log: readonly (Buffer | undefined)[], events: ReaderEvents): Reader {
  let next = 0
  const read = async (): Promise<void> => {
    const offset = log.findIndex((record, i) => i >= next && record !== undefined)
    const columns = await decodeRecordBatches(log[offset] ?? Buffer.alloc(0), 0, [])
    if (offset >= 0) columns.offsets[0] = offset
    next = columns.nextOffset = offset < 0 ? log.length : offset + 1
    const lastStableOffset = log.length
    events.onFetched({
      topic: 'changelog',
      partition: 0,
      columns,
      lastStableOffset,
      highWatermark: lastStableOffset,
    })
  }
  return {
    add: (_partition: unknown, offset: number) => {
      next = offset
      void read()
    },
    pause: () => {},
    resume: () => void read(),
    close: async () => {},
  } as unknown as Reader
}
