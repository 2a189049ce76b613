import { setTimeout as sleep } from 'node:timers/promises'
import type { Admin } from '../broker/port.ts'

/** Kafka's default of delete.retention.ms. */
const DAY_MS = 86_400_000
/** Between two looks at partitions that some broker does not know yet. */
const AGAIN_MS = 100

/** What a dimension's topic holds at a moment. */
export interface Extent {
  /** When it was asked for, in ms since 1970. */
  readonly asked: number
  /** null: the broker gives none. */
  readonly id: string | null
  /** By partition: the first offsets, and the ends, transactions that are open included. */
  readonly heads: readonly number[]
  readonly ends: readonly number[]
  /** How long tombstones stay in the topic, in ms. */
  readonly keepMs: number
}

/** Waits until the topic is there, and all its partitions. Throws where no broker answers. */
export async function extentOf(admin: Admin, topic: string): Promise<Extent> {
  for (;;) {
    const asked = Date.now()
    // Before the offsets: with the id of a topic that has just gone nothing is read of the next one.
    const found = (await admin.identify([topic])).get(topic)
    if (found !== undefined) {
      const [ends, heads, described] = await Promise.all([
        admin.offsets(topic, 'latest'),
        admin.offsets(topic, 'earliest'),
        admin.describeTopics([topic]),
      ])
      const keepMs = Number(described.get(topic)?.config.get('delete.retention.ms') ?? DAY_MS)
      if (ends.size >= found.partitions && heads.size >= ends.size) {
        const byPartition = (offsets: ReadonlyMap<number, number>): number[] =>
          Array.from({ length: ends.size }, (_, p) => offsets.get(p) ?? 0)
        return {
          asked,
          id: found.id,
          heads: byPartition(heads),
          ends: byPartition(ends),
          keepMs,
        }
      }
    }
    await sleep(AGAIN_MS)
  }
}
