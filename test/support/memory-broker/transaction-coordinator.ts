/** Transactional ids: producer ids and epochs, and transactions with all that take part in them (KIP-98). */
import { kafkaError } from './kafka-errors.ts'
import type { Marker } from './markers.ts'
import type { VirtualClock } from './virtual-clock.ts'

/** A partition's log, or a group with its offsets. */
export interface Participant {
  mark(marker: Marker): Promise<void> | void
}

export interface ProducerIdentity {
  readonly transactionalId: string
  readonly producerId: bigint
  readonly producerEpoch: number
}

type State =
  | 'Empty'
  | 'Ongoing'
  | 'PrepareCommit'
  | 'PrepareAbort'
  | 'CompleteCommit'
  | 'CompleteAbort'

interface Transaction {
  readonly producerId: bigint
  epoch: number
  state: State
  timeoutMs: number
  participants: Set<Participant>
  cancelTimeout: () => void
}

/** How the markers of a transaction are written: at once, or only some of them until a promise resolves. */
export interface HalfDone {
  readonly markers: number
  readonly until: Promise<unknown>
}

const MOST_TIMEOUT_MS = 900_000

export class TransactionCoordinator {
  readonly #clock: VirtualClock
  readonly #onMarker: () => void
  readonly #transactions = new Map<string, Transaction>()
  #nextProducerId = 1000n

  /** @param onMarker called after each marker */
  constructor(clock: VirtualClock, onMarker: () => void) {
    this.#clock = clock
    this.#onMarker = onMarker
  }

  /** Kafka's name of the state that a transactional id is in. */
  stateOf(transactionalId: string): State | 'Unknown' {
    return this.#transactions.get(transactionalId)?.state ?? 'Unknown'
  }

  /** Fences who has the id; where that one's transaction is open it is aborted first, and asked again for. */
  initProducerId(transactionalId: string, timeoutMs: number): ProducerIdentity {
    if (timeoutMs > MOST_TIMEOUT_MS) throw kafkaError('INVALID_TRANSACTION_TIMEOUT')
    const transaction = this.#transactions.get(transactionalId) ?? this.#begun(transactionalId)
    if (transaction.state === 'Ongoing') {
      transaction.epoch++
      this.#end(transaction, false)
    }
    if (isEnding(transaction)) throw kafkaError('CONCURRENT_TRANSACTIONS')
    transaction.epoch++
    transaction.state = 'Empty'
    transaction.timeoutMs = timeoutMs
    const { producerId, epoch: producerEpoch } = transaction
    return { transactionalId, producerId, producerEpoch }
  }

  /** AddPartitionsToTxn and AddOffsetsToTxn; the first begins the transaction. */
  add(producer: ProducerIdentity, participants: readonly Participant[]): void {
    const transaction = this.#of(producer)
    if (isEnding(transaction)) throw kafkaError('CONCURRENT_TRANSACTIONS')
    if (transaction.state !== 'Ongoing') {
      transaction.state = 'Ongoing'
      transaction.participants = new Set()
      transaction.cancelTimeout = this.#clock.after(transaction.timeoutMs, () => {
        // Its producer learns by this that nothing of it counts any more.
        transaction.epoch++
        this.#end(transaction, false)
      })
    }
    for (const participant of participants) transaction.participants.add(participant)
  }

  /** What is written in a transaction has to take part in it (KIP-890). */
  verify(producer: ProducerIdentity, participant: Participant): void {
    const transaction = this.#of(producer)
    if (transaction.state !== 'Ongoing' || !transaction.participants.has(participant)) {
      throw kafkaError('INVALID_TXN_STATE')
    }
  }

  /** Returns when the outcome is certain; the markers are written after that. */
  endTxn(producer: ProducerIdentity, isCommit: boolean, halfDone?: HalfDone): void {
    const transaction = this.#of(producer)
    if (isEnding(transaction)) throw kafkaError('CONCURRENT_TRANSACTIONS')
    if (transaction.state === (isCommit ? 'CompleteCommit' : 'CompleteAbort')) return
    if (transaction.state !== 'Ongoing') throw kafkaError('INVALID_TXN_STATE')
    this.#end(transaction, isCommit, halfDone)
  }

  #begun(transactionalId: string): Transaction {
    const transaction: Transaction = {
      producerId: this.#nextProducerId++,
      epoch: -1,
      state: 'Empty',
      timeoutMs: 0,
      participants: new Set(),
      cancelTimeout: () => {},
    }
    this.#transactions.set(transactionalId, transaction)
    return transaction
  }

  #of({ transactionalId, producerId, producerEpoch }: ProducerIdentity): Transaction {
    const transaction = this.#transactions.get(transactionalId)
    if (transaction?.producerId !== producerId) throw kafkaError('INVALID_PRODUCER_ID_MAPPING')
    if (transaction.epoch !== producerEpoch) throw kafkaError('INVALID_PRODUCER_EPOCH')
    return transaction
  }

  #end(transaction: Transaction, isCommit: boolean, halfDone?: HalfDone): void {
    transaction.cancelTimeout()
    transaction.state = isCommit ? 'PrepareCommit' : 'PrepareAbort'
    void this.#writeMarkers(transaction, isCommit, halfDone)
  }

  async #writeMarkers(
    transaction: Transaction,
    isCommit: boolean,
    halfDone: HalfDone | undefined,
  ): Promise<void> {
    const { producerId, epoch: producerEpoch } = transaction
    let written = 0
    for (const participant of transaction.participants) {
      // The answer is on its way first: a producer may begin the next transaction before the markers are there.
      await new Promise(setImmediate)
      if (written++ === halfDone?.markers) await halfDone.until
      const timestamp = this.#clock.now
      await participant.mark({ producerId, producerEpoch, isCommit, timestamp })
      this.#onMarker()
    }
    transaction.state = isCommit ? 'CompleteCommit' : 'CompleteAbort'
  }
}

const isEnding = ({ state }: Transaction): boolean =>
  state === 'PrepareCommit' || state === 'PrepareAbort'
