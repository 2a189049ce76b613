/** A transactional producer on a broker in memory. */
import type { TopicPartition } from '../../../src/batch.ts'
import type { About } from '../../../src/broker/error-table.ts'
import type {
  Membership,
  OffsetCommit,
  ProduceBatch,
  TransactionalProducer,
} from '../../../src/broker/port.ts'
import { EnricherError } from '../../../src/errors.ts'
import type { MemoryKafka } from '../memory-broker.ts'
import type { Api, Fault } from './faults.ts'
import { refuseProducer, soon } from './retries.ts'
import type { ProducerIdentity } from './transaction-coordinator.ts'

const SEQUENCES = 2 ** 31

interface Sealed extends TopicPartition {
  /** Its place in the order given. */
  readonly i: number
  readonly bytes: Buffer
}

interface Appended {
  readonly answers: readonly { readonly i: number; readonly baseOffset: number }[]
  /** Why one of the others was refused. */
  readonly refused: unknown
}

type Asked = Omit<About, 'transactionalId'>

const WRITE = { operation: 'Write' }

const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`

export class MemoryProducer implements TransactionalProducer {
  readonly #kafka: MemoryKafka
  readonly #clientId: string
  readonly #transactionalId: string
  readonly #timeoutMs: number
  #identity: ProducerIdentity
  readonly #sequences = new Map<string, number>()
  readonly #registered = new Set<string>()
  /** By the broker's clock. */
  #deadline = 0
  #touched = false
  #closed = false
  #sent: ProduceBatch[] = []

  constructor(
    kafka: MemoryKafka,
    clientId: string,
    { transactionalId, timeoutMs }: { transactionalId: string; timeoutMs: number },
  ) {
    this.#kafka = kafka
    this.#clientId = clientId
    this.#transactionalId = transactionalId
    this.#timeoutMs = timeoutMs
    this.#identity = { transactionalId, producerId: -1n, producerEpoch: 0 }
  }

  async init(): Promise<void> {
    this.#deadline = Number.POSITIVE_INFINITY
    const { transactions } = this.#kafka
    this.#identity = await this.#ask(WRITE, 'InitProducerId', () =>
      transactions.initProducerId(this.#transactionalId, this.#timeoutMs),
    )
    this.#sequences.clear()
    this.#registered.clear()
    this.#touched = false
    this.#sent = []
  }

  begin(): void {
    this.#deadline = this.#kafka.clock.now + this.#timeoutMs
    this.#touched = false
    this.#registered.clear()
  }

  async send(batches: readonly ProduceBatch[]): Promise<number[]> {
    if (batches.length === 0) return []
    this.#touched = true
    await this.#register(batches)
    const offsets: number[] = new Array(batches.length).fill(-1)
    // A request has one batch per partition at most.
    for (let rest = batches.map((_, i) => i); rest.length > 0; ) {
      const seen = new Set<string>()
      const round = rest.filter((i) => {
        const isFirst = !seen.has(keyOf(batches[i]))
        seen.add(keyOf(batches[i]))
        return isFirst
      })
      rest = rest.filter((i) => !round.includes(i))
      await this.#sendRound(batches, round, offsets)
    }
    return offsets
  }

  async sendOffsets(
    groupId: string,
    membership: Membership,
    offsets: readonly OffsetCommit[],
  ): Promise<void> {
    if (offsets.length === 0) return
    this.#touched = true
    const identity = this.#identity
    const about = { group: groupId, operation: 'Read' }
    const { transactions } = this.#kafka
    await this.#ask(about, 'AddOffsetsToTxn', () =>
      transactions.add(identity, [this.#kafka.group(groupId).offsets]),
    )
    await this.#ask(about, 'TxnOffsetCommit', () => {
      const group = this.#kafka.group(groupId)
      group.admitOffsets(membership)
      transactions.verify(identity, group.offsets)
      group.offsets.add(identity.producerId, this.#clientId, offsets)
    })
  }

  async commit(): Promise<void> {
    if (this.#touched) {
      const { transactions } = this.#kafka
      const identity = this.#identity
      await this.#ask(WRITE, 'EndTxn', (fault) => {
        const halfDone = fault !== undefined && 'markers' in fault ? fault : undefined
        transactions.endTxn(identity, true, halfDone)
      })
    }
    this.#touched = false
    for (const batch of this.#sent) batch.release()
    this.#sent = []
  }

  async close(): Promise<void> {
    this.#closed = true
  }

  async #register(batches: readonly ProduceBatch[]): Promise<void> {
    const added = new Map<string, TopicPartition>()
    for (const batch of batches) {
      if (!this.#registered.has(keyOf(batch))) added.set(keyOf(batch), batch)
    }
    if (added.size === 0) return
    const identity = this.#identity
    const topics = [...new Set([...added.values()].map(({ topic }) => topic))]
    const about = { topic: topics.join(', '), operation: 'Write' }
    await this.#ask(about, 'AddPartitionsToTxn', () => {
      const logs = [...added.values()].map((place) => this.#kafka.topics.log(place))
      this.#kafka.transactions.add(identity, logs)
    })
    for (const key of added.keys()) this.#registered.add(key)
  }

  async #sendRound(
    batches: readonly ProduceBatch[],
    round: readonly number[],
    offsets: number[],
  ): Promise<void> {
    const { producerId, producerEpoch } = this.#identity
    let left = await Promise.all(
      round.map(async (i): Promise<Sealed> => {
        const { topic, partition, records } = batches[i]
        const sequence = this.#sequences.get(keyOf(batches[i])) ?? 0
        this.#sequences.set(keyOf(batches[i]), (sequence + records) % SEQUENCES)
        const bytes = await batches[i].seal(producerId, producerEpoch, sequence)
        return { i, topic, partition, bytes }
      }),
    )
    // Sent again with the same sequences after a failure: the broker knows what it has already.
    while (left.length > 0) {
      const { answers, refused } = await this.#ask(WRITE, 'Produce', () => this.#append(left))
      for (const { i, baseOffset } of answers) offsets[i] = baseOffset
      left = left.filter(({ i }) => offsets[i] < 0)
      if (left.length === 0) break
      this.#refuse(refused, WRITE)
      await soon()
    }
    for (const i of round) this.#sent.push(batches[i])
  }

  /** Each partition answers for itself. */
  #append(batches: readonly Sealed[]): Appended {
    const answers: { i: number; baseOffset: number }[] = []
    let refused: unknown
    for (const batch of batches) {
      try {
        const log = this.#kafka.topics.log(batch)
        this.#kafka.transactions.verify(this.#identity, log)
        const baseOffset = this.#kafka.topics.append(batch, batch.bytes)
        answers.push({ i: batch.i, baseOffset })
      } catch (error) {
        refused = error
      }
    }
    this.#kafka.logListeners.tell()
    return { answers, refused }
  }

  /** Repeats what time cures, for as long as the transaction may live. */
  async #ask<T>(about: Asked, api: Api, work: (fault: Fault | undefined) => T): Promise<T> {
    for (;;) {
      try {
        return await this.#kafka.request(this.#clientId, api, work)
      } catch (error) {
        this.#refuse(error, about)
        await soon()
      }
    }
  }

  /** Returns where the request is to be sent again. */
  #refuse(error: unknown, about: Asked): void {
    const isEndless = this.#deadline === Number.POSITIVE_INFINITY
    refuseProducer(error, { ...about, transactionalId: this.#transactionalId }, isEndless)
    if (this.#closed || this.#kafka.clock.now > this.#deadline) {
      const message = 'The transaction’s time is over'
      throw new EnricherError('EPOCH_ABORTED', message, { cause: error })
    }
  }
}
