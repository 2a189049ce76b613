/**
 * A Kafka in memory, behind the port: logs of record batches, transactions, groups, and faults to order. What it
 * promises is in test/broker/contract.ts, which a real Kafka keeps, too. Sessions, rebalances and transactions
 * time out by its own clock, which stands still unless a test moves it.
 */
import type { RecordBytes, TopicPartition } from '../../src/batch.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { Listeners } from './memory-broker/bell.ts'
import { type Api, afterWork, beforeWork, type Fault, Faults } from './memory-broker/faults.ts'
import { GroupCoordinator } from './memory-broker/group-coordinator.ts'
import { kafkaError } from './memory-broker/kafka-errors.ts'
import { MemoryClient } from './memory-broker/memory-client.ts'
import { Topics } from './memory-broker/topics.ts'
import { TransactionCoordinator } from './memory-broker/transaction-coordinator.ts'
import { VirtualClock } from './memory-broker/virtual-clock.ts'

export interface PlainRecord extends RecordBytes {
  /** Milliseconds since 1970. */
  readonly timestamp: number
}

export class MemoryKafka {
  readonly clock: VirtualClock
  readonly faults = new Faults()
  readonly topics = new Topics()
  readonly transactions: TransactionCoordinator
  /** Readers, that have something new to be told. */
  readonly logListeners = new Listeners()
  readonly #groups = new Map<string, GroupCoordinator>()
  /** By client id: resolves when it can be heard again. */
  readonly #silences = new Map<string, { until: Promise<void>; end: () => void }>()
  /** By client id. */
  readonly #ways = new Map<string, () => Promise<void>>()

  /** @param now milliseconds since 1970 */
  constructor(now = Date.now()) {
    this.clock = new VirtualClock(now)
    this.transactions = new TransactionCoordinator(this.clock, () => this.logListeners.tell())
  }

  /** @param clientId its own, for faults and silences are by it */
  client(clientId: string): MemoryClient {
    return new MemoryClient(this, clientId)
  }

  group(groupId: string): GroupCoordinator {
    let group = this.#groups.get(groupId)
    if (group === undefined) {
      group = new GroupCoordinator(this.clock)
      this.#groups.set(groupId, group)
    }
    return group
  }

  findGroup(groupId: string): GroupCoordinator | undefined {
    return this.#groups.get(groupId)
  }

  deleteGroup(groupId: string): void {
    const group = this.#groups.get(groupId)
    if (group !== undefined && group.state !== 'Empty') throw kafkaError('NON_EMPTY_GROUP')
    this.#groups.delete(groupId)
  }

  /** Records of no transaction, as one batch. */
  async append(to: TopicPartition, records: readonly PlainRecord[]): Promise<void> {
    const writer = new RecordBatchWriter({ ...to, transactional: false, compression: 'none' })
    for (const record of records) writer.recordOf(record.timestamp, record)
    this.topics.append(to, Buffer.from(await writer.seal(-1n, -1, -1)))
    writer.release()
    this.logListeners.tell()
  }

  /** Lets time pass for sessions, rebalances and transactions. */
  advance(ms: number): void {
    this.clock.advance(ms)
    this.logListeners.tell()
  }

  /** @param way awaited each time that one of the client’s requests, or an answer, is on its way: whoever dies there goes no further */
  accompany(clientId: string, way: () => Promise<void>): void {
    this.#ways.set(clientId, way)
  }

  /** Cuts a client off: what it asks is not answered, and its sessions run out, until `hear`. */
  silence(clientId: string): void {
    if (this.#silences.has(clientId)) return
    let end: () => void = () => {}
    const until = new Promise<void>((resolve) => {
      end = resolve
    })
    this.#silences.set(clientId, { until, end })
    for (const group of this.#groups.values()) {
      group.silence(({ request }) => request.clientId === clientId)
    }
  }

  hear(clientId: string): void {
    this.#silences.get(clientId)?.end()
    this.#silences.delete(clientId)
    for (const group of this.#groups.values()) {
      group.hear(({ request }) => request.clientId === clientId)
    }
  }

  isSilent(clientId: string): boolean {
    return this.#silences.has(clientId)
  }

  /** A request on its way to the broker and back, with what was ordered to go wrong. */
  async request<T>(
    clientId: string,
    api: Api,
    work: (fault: Fault | undefined) => T | Promise<T>,
  ): Promise<T> {
    await this.#travel(clientId)
    const fault = this.faults.meet(api, clientId)
    await beforeWork(fault, api)
    const answer = await work(fault)
    await afterWork(fault, api)
    await this.#travel(clientId)
    return answer
  }

  async #travel(clientId: string): Promise<void> {
    await new Promise(setImmediate)
    await this.#ways.get(clientId)?.()
    await this.#silences.get(clientId)?.until
  }
}
