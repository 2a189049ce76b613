import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ProduceBatch } from '../../src/broker/port.ts'
import { type CommitPorts, commitEpoch, type EpochPart } from '../../src/commit/commit.ts'

/** A broker on which every record of the changelog gets the next of these offsets. */
const portsWith = (offsets: readonly number[]): CommitPorts => ({
  producer: {
    begin: () => {},
    send: async () => [...offsets],
    sendOffsets: async () => {},
    commit: async () => {},
  } as unknown as CommitPorts['producer'],
  group: { membership: () => ({ generationId: 1, memberId: 'm', groupInstanceId: null }) },
  groupId: 'group',
  onStep: () => {},
})

const partOf = (records: number, persist: EpochPart['persist']): EpochPart => ({
  batches: [],
  changelog: Array.from({ length: records }, () => ({ records: 1 }) as ProduceBatch),
  offsets: [],
  persist,
})

test('a task is told its first and its last record, whatever another’s transaction has put between', async () => {
  const told: number[][] = []
  const persist = async (first: number, next: number): Promise<void> => {
    told.push([first, next])
  }
  await commitEpoch([partOf(2, persist), partOf(1, persist)], [], portsWith([10, 14, 3]))
  assert.deepEqual(told, [
    [10, 15],
    [3, 4],
  ])
})

test('where one store cannot be written the commit fails once nothing is written any more', async () => {
  let end = (): void => {}
  let ended = false
  const slow = async (): Promise<void> => {
    await new Promise<void>((resolve) => {
      end = resolve
    })
    ended = true
  }
  const full = async (): Promise<void> => {
    setImmediate(() => end())
    throw new Error('No space left')
  }
  const committed = commitEpoch([partOf(1, slow), partOf(1, full)], [], portsWith([0, 0]))
  await assert.rejects(committed, /No space left/)
  assert.ok(ended)
})
