/** A group's offsets: those that are committed, and those of transactions that are pending on them (KIP-447). */
import type { TopicPartition } from '../../../src/batch.ts'
import type { OffsetCommit } from '../../../src/broker/port.ts'
import { kafkaError } from './kafka-errors.ts'
import type { Marker } from './markers.ts'
import type { Participant } from './transaction-coordinator.ts'

interface Pending extends OffsetCommit {
  readonly clientId: string
}

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

/** A client was told where a partition goes on, or its offset of it is committed. */
export interface OffsetEvent extends OffsetCommit {
  readonly what: 'told' | 'committed'
  readonly clientId: string
}

export class GroupOffsets implements Participant {
  /** In their order. */
  readonly history: OffsetEvent[] = []
  readonly #committed = new Map<string, OffsetCommit>()
  /** By producer id. */
  readonly #pending = new Map<bigint, Map<string, Pending>>()

  get isEmpty(): boolean {
    return this.#committed.size === 0 && this.#pending.size === 0
  }

  get committed(): OffsetCommit[] {
    return [...this.#committed.values()].map((commit) => ({ topicId: null, ...commit }))
  }

  add(producerId: bigint, clientId: string, offsets: readonly OffsetCommit[]): void {
    const pending = this.#pending.get(producerId) ?? new Map<string, Pending>()
    for (const commit of offsets) pending.set(keyOf(commit), { ...commit, clientId })
    this.#pending.set(producerId, pending)
  }

  /** In the order given; -1: there is none. */
  stable(clientId: string, partitions: readonly TopicPartition[]): OffsetCommit[] {
    const keys = partitions.map(keyOf)
    const isPending = [...this.#pending.values()].some((of) => keys.some((key) => of.has(key)))
    if (isPending) throw kafkaError('UNSTABLE_OFFSET_COMMIT')
    return partitions.map(({ topic, partition }) => {
      const place = { topic, partition }
      const found = this.#committed.get(keyOf(place)) ?? { ...place, offset: -1 }
      this.history.push({ what: 'told', clientId, ...place, offset: found.offset })
      return found
    })
  }

  mark({ producerId, isCommit }: Marker): void {
    const pending = this.#pending.get(producerId) ?? new Map<string, Pending>()
    this.#pending.delete(producerId)
    if (!isCommit) return
    for (const [key, { clientId, ...commit }] of pending) {
      this.#committed.set(key, commit)
      this.history.push({ what: 'committed', clientId, ...commit })
    }
  }
}
