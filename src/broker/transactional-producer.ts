import type { TopicPartition } from '../batch.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { Log } from '../events.ts'
import { atMost } from '../retry/at-most.ts'
import { Outage } from '../retry/outage.ts'
import { doubling, retry } from '../retry/retry.ts'
import { addPartitionsRequest } from './add-partitions-request.ts'
import { brokerError, codeOfError } from './broker-errors.ts'
import { findCoordinator, GROUP_COORDINATOR, TRANSACTION_COORDINATOR } from './coordinator.ts'
import type { About } from './error-table.ts'
import { txnOffsetCommitRequest } from './group-offset-requests.ts'
import { type BrokerNode, type Cluster, request } from './kafkajs.ts'
import { MissingTopics } from './missing-topics.ts'
import type { Membership, OffsetCommit, ProduceBatch, TransactionalProducer } from './port.ts'
import { nextRound, produce } from './produce-request.ts'
import { refusal } from './refusal.ts'
import { addTopics } from './target-topics.ts'
import { asError, check } from './topic-arrays.ts'

/** Sequence numbers begin again at 0 after 2^31 - 1. */
const SEQUENCES = 2 ** 31
/** How long a close waits, where no broker answers. */
const CLOSE_MS = 500

/** The transactional protocol of KIP-98, with KIP-447's offset commit. */
export class ClusterProducer implements TransactionalProducer {
  readonly #cluster: Cluster
  readonly #transactionalId: string
  readonly #timeoutMs: number
  #producerId = -1n
  #producerEpoch = 0
  readonly #sequences = new Map<string, number>()
  readonly #registered = new Set<string>()
  #deadline = 0
  #touched = false
  readonly #closed = new AbortController()
  /** Batches whose memory may be used again once the transaction is committed. */
  #sent: ProduceBatch[] = []
  /** The coordinators, by kind. They are looked up once; a failure forgets them. */
  readonly #coordinators = new Map<number, BrokerNode>()
  readonly #missing = new MissingTopics()
  readonly #outage: Outage

  constructor(cluster: Cluster, options: { transactionalId: string; timeoutMs: number }, log: Log) {
    this.#cluster = cluster
    this.#transactionalId = options.transactionalId
    this.#timeoutMs = options.timeoutMs
    this.#outage = new Outage(log, 'Asking for a producer id')
  }

  async init(): Promise<void> {
    // Nothing can be done without a producer id: an outage is waited out.
    this.#deadline = Number.POSITIVE_INFINITY
    const transactionalId = this.#transactionalId
    const answer = await this.#retry({ operation: 'Write' }, async () => {
      const node = await this.#coordinator()
      return node.connectionPool.send(
        request<{ producerId: string; producerEpoch: number }>('InitProducerId', 1, {
          transactionalId,
          transactionTimeout: this.#timeoutMs,
        }),
      )
    })
    this.#producerId = BigInt(answer.producerId)
    this.#producerEpoch = answer.producerEpoch
    this.#sequences.clear()
    this.#registered.clear()
    this.#touched = false
    this.#sent = []
  }

  begin(): void {
    this.#deadline = performance.now() + this.#timeoutMs
    this.#touched = false
    this.#registered.clear()
  }

  async send(batches: readonly ProduceBatch[]): Promise<number[]> {
    if (batches.length === 0) return []
    this.#touched = true
    await this.#register(batches)
    const offsets: number[] = new Array(batches.length).fill(-1)
    // A request has one batch per partition at most; those of one partition go one after the other.
    for (let rest = batches.map((_, i) => i); rest.length > 0; ) {
      const round = nextRound(batches, rest)
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
    const identity = this.#identity()
    const about = { group: groupId, operation: 'Read' }
    await this.#retry(about, async () => {
      const node = await this.#coordinator()
      await node.connectionPool.send(
        request('AddOffsetsToTxn', 1, {
          ...identity,
          producerId: String(identity.producerId),
          groupId,
        }),
      )
    })
    await this.#retry(about, async () => {
      const node = await this.#coordinator(GROUP_COORDINATOR, groupId)
      await node.connectionPool.send(txnOffsetCommitRequest(identity, groupId, membership, offsets))
    })
  }

  async commit(): Promise<void> {
    if (this.#touched) await this.#end()
    this.#missing.foundAll()
    this.#touched = false
    for (const batch of this.#sent) batch.release()
    this.#sent = []
  }

  async close(): Promise<void> {
    this.#closed.abort()
    // To disconnect waits for answers that may never come.
    await atMost(CLOSE_MS, this.#cluster.disconnect())
  }

  #identity() {
    const transactionalId = this.#transactionalId
    return { transactionalId, producerId: this.#producerId, producerEpoch: this.#producerEpoch }
  }

  async #end(): Promise<void> {
    const identity = this.#identity()
    await this.#retry({ operation: 'Write' }, async () => {
      const node = await this.#coordinator()
      await node.connectionPool.send(
        request('EndTxn', 1, {
          ...identity,
          producerId: String(identity.producerId),
          transactionResult: true,
        }),
      )
    })
  }

  /** Sends AddPartitionsToTxn, once per transaction and partition. */
  async #register(batches: readonly ProduceBatch[]): Promise<void> {
    const keyOf = ({ topic, partition }: TopicPartition): string => `${topic}:${partition}`
    const added = new Map<string, TopicPartition>()
    for (const batch of batches) {
      const key = keyOf(batch)
      if (!this.#registered.has(key)) added.set(key, batch)
    }
    if (added.size === 0) return
    const topics = [...new Set([...added.values()].map(({ topic }) => topic))]
    await this.#retry({ topic: topics.join(', '), operation: 'Write' }, async () => {
      await addTopics(this.#cluster, topics)
      const node = await this.#coordinator()
      const partitions = [...added.values()]
      await node.connectionPool.send(addPartitionsRequest(this.#identity(), partitions))
    })
    for (const key of added.keys()) this.#registered.add(key)
  }

  async #sendRound(
    batches: readonly ProduceBatch[],
    round: readonly number[],
    offsets: number[],
  ): Promise<void> {
    const sealed = await Promise.all(
      round.map(async (i) => {
        const { topic, partition, records } = batches[i]
        const sequence = this.#sequences.get(`${topic}:${partition}`) ?? 0
        this.#sequences.set(`${topic}:${partition}`, (sequence + records) % SEQUENCES)
        const bytes = await batches[i].seal(this.#producerId, this.#producerEpoch, sequence)
        return { i, topic, partition, bytes }
      }),
    )
    // Batches are sent again with the same sequences after a failure: the broker knows what it has already.
    let left = sealed
    let attempts = 0
    await this.#retry({ operation: 'Write' }, async () => {
      attempts++
      const byLeader = new Map<number, typeof sealed>()
      for (const batch of left) {
        const leader = this.#leader(batch.topic, batch.partition)
        byLeader.set(leader, [...(byLeader.get(leader) ?? []), batch])
      }
      await Promise.all(
        [...byLeader].map(async ([nodeId, list]) => {
          const node = await this.#cluster.findBroker({ nodeId })
          const answers = await produce(node, this.#transactionalId, this.#timeoutMs, list)
          for (const answer of answers) {
            const batch = list.find(
              (b) => b.topic === answer.topic && b.partition === answer.partition,
            )!
            check(answer.errorCode, answer.topic)
            this.#missing.found(answer.topic)
            offsets[batch.i] = answer.baseOffset
            left = left.filter((b) => b !== batch)
          }
        }),
      )
    })
    // A socket that was given up may still hold what was sent first.
    if (attempts === 1) for (const i of round) this.#sent.push(batches[i])
  }

  #leader(topic: string, partition: number): number {
    const found = this.#cluster
      .findTopicPartitionMetadata(topic)
      .find(({ partitionId }) => partitionId === partition)
    const leader = found?.leader ?? -1
    if (leader < 0) throw asError(codeOfError('LEADER_NOT_AVAILABLE'), topic)
    return leader
  }

  async #coordinator(
    kind = TRANSACTION_COORDINATOR,
    key = this.#transactionalId,
  ): Promise<BrokerNode> {
    const known = this.#coordinators.get(kind)
    if (known !== undefined) return known
    const found = await findCoordinator(this.#cluster, key, kind)
    this.#coordinators.set(kind, found)
    return found
  }

  /** Repeats what time cures, for as long as the transaction may live. */
  async #retry<T>(about: About, attempt: () => Promise<T>): Promise<T> {
    const isEndless = this.#deadline === Number.POSITIVE_INFINITY
    const policy = {
      wait: doubling(3, 100),
      isCurable: (error: unknown) => isCurable(error, isEndless),
      deadline: this.#deadline,
      outage: isEndless ? this.#outage : undefined,
      prepare: (error: unknown) => this.#lookAround(error),
    }
    return retry(() => this.#missing.look(about, attempt), policy, this.#closed.signal).catch(
      (error) => {
        throw this.#failure(error, about)
      },
    )
  }

  /** Learns where leaders and coordinators are, for they may have moved. */
  async #lookAround(error: unknown): Promise<void> {
    if (brokerError(error)?.name === 'CONCURRENT_TRANSACTIONS') return
    this.#coordinators.clear()
    await this.#cluster.refreshMetadata().catch(() => {})
  }

  /** What a transaction's error is to who has begun it. */
  #failure(error: unknown, about: About): EnricherError {
    if (error instanceof EnricherError) return error
    const answer = brokerError(error)
    switch (answer?.meaning) {
      case 'fenced':
        return new EnricherError('FENCED', `Refused: ${messageOf(error)}`, {
          cause: error,
          fields: { type: answer.name },
        })
      case 'record': {
        const { topic } = error as { topic?: string }
        const message = `${topic} does not take what it is sent (${messageOf(error)}); what it takes is read anew, and the epoch done again`
        const fields = { topic, broker: answer.name }
        return new EnricherError('RECORD_REFUSED', message, { cause: error, fields })
      }
      case 'refused':
        return refusal(error, { ...about, transactionalId: this.#transactionalId })
      default:
        return new EnricherError('EPOCH_ABORTED', messageOf(error), { cause: error })
    }
  }
}

/** Whether the request is to be sent again. @param isEndless nothing was begun that an answer which drops a transaction could drop */
function isCurable(error: unknown, isEndless: boolean): boolean {
  const answer = brokerError(error)
  if (answer === undefined) return isConnectionError(error)
  return answer.meaning === 'again' || (isEndless && answer.meaning === 'abort')
}

/** Whether it is a broken connection, as opposed to a refusal or a fault of ours. */
const isConnectionError = (error: unknown): boolean =>
  (error as { name?: string }).name?.startsWith('KafkaJS') ?? false
