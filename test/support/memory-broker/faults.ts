/** What a test has ordered to go wrong: with which request, of whom, and how. */
import { connectionLost, kafkaError, OutOfTime } from './kafka-errors.ts'

export type Api =
  | 'AddOffsetsToTxn'
  | 'AddPartitionsToTxn'
  | 'CreateTopics'
  | 'DeleteRecords'
  | 'DescribeGroups'
  | 'EndTxn'
  | 'Fetch'
  | 'Heartbeat'
  | 'InitProducerId'
  | 'JoinGroup'
  | 'LeaveGroup'
  | 'ListOffsets'
  | 'Metadata'
  | 'OffsetFetch'
  | 'Produce'
  | 'SyncGroup'
  | 'TxnOffsetCommit'

export type Fault =
  /** Answered by this error of Kafka; nothing is done. */
  | { readonly refuse: string }
  /** The connection breaks before the broker has read the request, or when it has done all of it. */
  | { readonly lose: 'request' | 'answer' }
  /** The same, and the client does not try again: its time is over. */
  | { readonly outOfTime: 'request' | 'answer' }
  /** It is on its way, or the answer is, until the promise resolves. */
  | { readonly hold: 'request' | 'answer'; readonly until: Promise<unknown> }
  /** Of EndTxn: so many partitions have their markers, the others get them once the promise resolves. */
  | { readonly markers: number; readonly until: Promise<unknown> }

export interface Order {
  readonly api: Api
  /** Whose request; without it anybody's. */
  readonly clientId?: string
  /** The how manieth of those from now on; 1 unless given. */
  readonly nth?: number
  readonly fault: Fault
}

export class Faults {
  readonly #orders: { readonly order: Order; left: number }[] = []

  order(order: Order): void {
    this.#orders.push({ order, left: order.nth ?? 1 })
  }

  /** How many orders have not been met. */
  get waiting(): number {
    return this.#orders.length
  }

  /** Those whose request has not come are forgotten. */
  clear(): void {
    this.#orders.length = 0
  }

  /** Of this request. Each order counts it; the first whose turn has come is met. */
  meet(api: Api, clientId: string): Fault | undefined {
    let met: Fault | undefined
    for (const waiting of [...this.#orders]) {
      const { order } = waiting
      if (order.api !== api || (order.clientId ?? clientId) !== clientId) continue
      if (waiting.left > 1) waiting.left--
      else if (met === undefined) {
        met = order.fault
        this.#orders.splice(this.#orders.indexOf(waiting), 1)
      }
    }
    return met
  }
}

/** Before the broker has done anything. */
export async function beforeWork(fault: Fault | undefined, api: Api): Promise<void> {
  if (fault === undefined) return
  if ('refuse' in fault) throw kafkaError(fault.refuse)
  if ('lose' in fault && fault.lose === 'request') throw connectionLost(api)
  if ('outOfTime' in fault && fault.outOfTime === 'request') throw new OutOfTime(api)
  if ('hold' in fault && fault.hold === 'request') await fault.until
}

/** Once the broker has done it. */
export async function afterWork(fault: Fault | undefined, api: Api): Promise<void> {
  if (fault === undefined) return
  if ('lose' in fault && fault.lose === 'answer') throw connectionLost(api)
  if ('outOfTime' in fault && fault.outOfTime === 'answer') throw new OutOfTime(api)
  if ('hold' in fault && fault.hold === 'answer') await fault.until
}
