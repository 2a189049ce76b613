import { setTimeout as sleep } from 'node:timers/promises'
import { EnricherError, messageOf } from '../errors.ts'
import { txnOffsetCommitRequest } from './group-offset-requests.ts'
import {
  type BrokerNode,
  type Cluster,
  createErrorFromCode,
  errorType,
  request,
} from './kafkajs.ts'
import type { Membership, OffsetCommit, ProduceBatch, TransactionalProducer } from './port.ts'
import { produce } from './produce-request.ts'

/** Kinds of coordinator. */
const GROUP = 0
const TRANSACTION = 1
const REQUEST_BYTES = 16 * 1024 * 1024
/** Sequence numbers begin again at 0 after 2^31 - 1. */
const SEQUENCES = 2 ** 31

/** Answers after which the same request is sent again in a moment. */
const AGAIN = new Set([
  'CONCURRENT_TRANSACTIONS', // the last transaction's markers are still being written
  'COORDINATOR_LOAD_IN_PROGRESS',
  'GROUP_LOAD_IN_PROGRESS',
  'GROUP_COORDINATOR_NOT_AVAILABLE',
  'COORDINATOR_NOT_AVAILABLE',
  'NOT_COORDINATOR',
  'NOT_COORDINATOR_FOR_GROUP',
  'NOT_LEADER_FOR_PARTITION',
  'UNKNOWN_TOPIC_OR_PARTITION',
  'LEADER_NOT_AVAILABLE',
  'NOT_ENOUGH_REPLICAS',
  'NOT_ENOUGH_REPLICAS_AFTER_APPEND',
  'REQUEST_TIMED_OUT',
  'NETWORK_EXCEPTION',
])

/** Answers that mean: another instance has our place. By code, for kafkajs does not know them all. */
const FENCED = new Set([22, 25, 27, 47, 49, 82, 90])

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
  #closed = false
  /** Batches whose memory may be used again once the transaction is committed. */
  #sent: ProduceBatch[] = []
  /** By kind. Looked up once; a failure forgets them. */
  readonly #coordinators = new Map<number, BrokerNode>()

  constructor(cluster: Cluster, options: { transactionalId: string; timeoutMs: number }) {
    this.#cluster = cluster
    this.#transactionalId = options.transactionalId
    this.#timeoutMs = options.timeoutMs
  }

  async init(): Promise<void> {
    // Nothing can be done without it: an outage is waited out.
    this.#deadline = Number.POSITIVE_INFINITY
    const transactionalId = this.#transactionalId
    const answer = await this.#retry(async () => {
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
    this.#deadline = Date.now() + this.#timeoutMs
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
      const round = takeRound(batches, rest)
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
    await this.#retry(async () => {
      const node = await this.#coordinator()
      await node.connectionPool.send(
        request('AddOffsetsToTxn', 1, {
          ...identity,
          producerId: String(identity.producerId),
          groupId,
        }),
      )
    })
    await this.#retry(async () => {
      const node = await this.#coordinator(GROUP, groupId)
      await node.connectionPool.send(txnOffsetCommitRequest(identity, groupId, membership, offsets))
    })
  }

  async commit(): Promise<void> {
    if (this.#touched) await this.#end()
    this.#touched = false
    for (const batch of this.#sent) batch.release()
    this.#sent = []
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#cluster.disconnect()
  }

  #identity() {
    const transactionalId = this.#transactionalId
    return { transactionalId, producerId: this.#producerId, producerEpoch: this.#producerEpoch }
  }

  async #end(): Promise<void> {
    const identity = this.#identity()
    await this.#retry(async () => {
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

  /** AddPartitionsToTxn, once per transaction and partition. */
  async #register(batches: readonly ProduceBatch[]): Promise<void> {
    const topics = new Map<string, Set<number>>()
    for (const { topic, partition } of batches) {
      if (this.#registered.has(`${topic}:${partition}`)) continue
      const partitions = topics.get(topic)
      if (partitions === undefined) topics.set(topic, new Set([partition]))
      else partitions.add(partition)
    }
    if (topics.size === 0) return
    const identity = this.#identity()
    const list = [...topics].map(([topic, partitions]) => ({ topic, partitions: [...partitions] }))
    await this.#retry(async () => {
      await this.#cluster.addMultipleTargetTopics([...topics.keys()])
      const node = await this.#coordinator()
      await node.connectionPool.send(
        request('AddPartitionsToTxn', 1, {
          ...identity,
          producerId: String(identity.producerId),
          topics: list,
        }),
      )
    })
    for (const { topic, partitions } of list) {
      for (const partition of partitions) this.#registered.add(`${topic}:${partition}`)
    }
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
    // Sent again with the same sequences after a failure: the broker knows what it has already.
    let left = sealed
    let attempts = 0
    await this.#retry(async () => {
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
            if (answer.errorCode !== 0) throw createErrorFromCode(answer.errorCode)
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
    if (found === undefined || found.leader < 0) throw createErrorFromCode(5)
    return found.leader
  }

  async #coordinator(
    coordinatorType = TRANSACTION,
    groupId = this.#transactionalId,
  ): Promise<BrokerNode> {
    const known = this.#coordinators.get(coordinatorType)
    if (known !== undefined) return known
    await this.#cluster.connect()
    const found = await this.#cluster.findGroupCoordinator({ groupId, coordinatorType })
    this.#coordinators.set(coordinatorType, found)
    return found
  }

  /** Repeats what time cures, for as long as the transaction may live. */
  async #retry<T>(attempt: () => Promise<T>): Promise<T> {
    for (let wait = 3; ; wait = Math.min(wait * 2, 100)) {
      try {
        return await attempt()
      } catch (error) {
        const type = errorType(error)
        const code = (error as { code?: unknown }).code
        if (typeof code === 'number' && FENCED.has(code)) {
          throw new EnricherError('FENCED', `Refused: ${messageOf(error)}`, {
            cause: error,
            fields: { type },
          })
        }
        const again = type === undefined ? isConnectionError(error) : AGAIN.has(type)
        if (!again || this.#closed || Date.now() > this.#deadline) {
          throw new EnricherError('EPOCH_ABORTED', messageOf(error), { cause: error })
        }
        if (type !== 'CONCURRENT_TRANSACTIONS') {
          this.#coordinators.clear()
          await this.#cluster.refreshMetadata().catch(() => {})
        }
        await sleep(wait)
      }
    }
  }
}

/** A broken connection, as opposed to a refusal or a fault of ours. */
const isConnectionError = (error: unknown): boolean =>
  (error as { name?: string }).name?.startsWith('KafkaJS') ?? false

/** Of the batches left, in order, the first of each partition, up to the size of a request. */
function takeRound(batches: readonly ProduceBatch[], rest: readonly number[]): number[] {
  const seen = new Set<string>()
  const round: number[] = []
  let bytes = 0
  for (const i of rest) {
    const key = `${batches[i].topic}:${batches[i].partition}`
    if (seen.has(key)) continue
    seen.add(key)
    bytes += batches[i].bytes
    if (round.length > 0 && bytes > REQUEST_BYTES) break
    round.push(i)
  }
  return round
}
