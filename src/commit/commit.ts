import type { Group, OffsetCommit, ProduceBatch, TransactionalProducer } from '../broker/port.ts'

/** One task's part of an epoch, as the commit needs it. */
export interface EpochPart {
  /** Outputs and rejects. */
  readonly batches: readonly ProduceBatch[]
  /** Of a task that keeps state at least one: each carries the offsets. */
  readonly changelog: readonly ProduceBatch[]
  readonly offsets: readonly OffsetCommit[]
  /**
   * Leaves the task's pages and checkpoint to LevelDB.
   * @param first offset of the task's first changelog record; -1 where there is none
   * @param next behind its last one
   */
  persist(first: number, next: number): Promise<void>
}

export interface CommitPorts {
  readonly producer: TransactionalProducer
  readonly group: Pick<Group, 'membership'>
  readonly groupId: string
  /** Called after each step, 1 to 5; tests kill the process here. */
  readonly onStep: (step: number) => void
}

/**
 * Commits an epoch, what all tasks of the instance did since the last one:
 *
 * 1. begin the transaction
 * 2. send outputs, rejects and changelog records, and all tasks' offsets with our membership of the group
 * 3. end the transaction
 * 4. leave each task's pages and checkpoint to LevelDB: in atomic batches, the oldest of them when
 *    they have to leave memory
 * 5. report
 *
 * Nothing uncommitted reaches LevelDB: a crash before the end of 3 leaves the epoch aborted, one
 * after it leaves the store behind by epochs that the changelog's tail gives back.
 * The group's coordinator refuses the offsets of anyone outside the current generation (KIP-447).
 * `others` are batches that belong to no task: rejects of dimensions.
 * Throws FENCED, EPOCH_ABORTED or RECORD_REFUSED, and what no retry cures (see `TransactionalProducer`); the caller then drops this epoch and the one that fills.
 */
export async function commitEpoch(
  parts: readonly EpochPart[],
  others: readonly ProduceBatch[],
  ports: CommitPorts,
): Promise<void> {
  const { producer, group, groupId, onStep } = ports

  // Step 1
  producer.begin()
  onStep(1)

  // Step 2. The offsets go along: they are of the same transaction, and a round trip is saved.
  const changelogs = parts.flatMap((part) => part.changelog)
  const batches = [...changelogs, ...parts.flatMap((part) => part.batches), ...others]
  const offsets = parts.flatMap((part) => part.offsets)
  const sendOffsets = producer.sendOffsets(groupId, group.membership(), offsets)
  const sent = producer.send(batches)
  // Where one of them fails the other must have ended too before the producer begins anew.
  await Promise.allSettled([sent, sendOffsets])
  const [baseOffsets] = await Promise.all([sent, sendOffsets])
  onStep(2)

  // Step 3
  await producer.commit()
  onStep(3)

  // Step 4
  let end = 0
  const persisted = parts.map((part) => {
    const first = end
    end += part.changelog.length
    if (first === end) return part.persist(-1, -1)
    return part.persist(baseOffsets[first], baseOffsets[end - 1] + changelogs[end - 1].records)
  })
  // Where one fails the others must have ended too before their tasks are put down.
  await Promise.allSettled(persisted)
  await Promise.all(persisted)
  onStep(4)

  // Step 5 is the caller's: it knows what was counted.
  onStep(5)
}
