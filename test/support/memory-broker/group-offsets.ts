/** A group's offsets: those that are committed, and those of transactions that are pending on them (KIP-447). */
import type { TopicPartition } from '../../../src/batch.ts'
import type { OffsetCommit } from '../../../src/broker/port.ts'
import { kafkaError } from './kafka-errors.ts'
import type { Marker } from './markers.ts'
import type { Participant } from './transaction-coordinator.ts'

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

export class GroupOffsets implements Participant {
  readonly #committed = new Map<string, OffsetCommit>()
  /** By producer id. */
  readonly #pending = new Map<bigint, Map<string, OffsetCommit>>()

  get isEmpty(): boolean {
    return this.#committed.size === 0 && this.#pending.size === 0
  }

  get committed(): OffsetCommit[] {
    return [...this.#committed.values()].map((commit) => ({ topicId: null, ...commit }))
  }

  add(producerId: bigint, offsets: readonly OffsetCommit[]): void {
    const pending = this.#pending.get(producerId) ?? new Map<string, OffsetCommit>()
    for (const commit of offsets) pending.set(keyOf(commit), commit)
    this.#pending.set(producerId, pending)
  }

  /** In the order given; -1: there is none. */
  stable(partitions: readonly TopicPartition[]): OffsetCommit[] {
    const keys = partitions.map(keyOf)
    const isPending = [...this.#pending.values()].some((of) => keys.some((key) => of.has(key)))
    if (isPending) throw kafkaError('UNSTABLE_OFFSET_COMMIT')
    return partitions.map((place) => this.#committed.get(keyOf(place)) ?? { ...place, offset: -1 })
  }

  mark({ producerId, isCommit }: Marker): void {
    const pending = this.#pending.get(producerId) ?? new Map<string, OffsetCommit>()
    this.#pending.delete(producerId)
    if (isCommit) for (const [key, commit] of pending) this.#committed.set(key, commit)
  }
}
