/** What a partition knows of its idempotent producers (KIP-98): epochs, sequence numbers, the last batches. */
import { kafkaError } from './kafka-errors.ts'

const SEQUENCES = 2 ** 31
/** As many batches a broker recognizes. */
const REMEMBERED = 5

interface Sent {
  readonly producerId: bigint
  readonly epoch: number
  readonly sequence: number
  readonly records: number
}

interface ProducerState {
  epoch: number
  next: number
  last: { readonly sequence: number; readonly records: number; readonly baseOffset: number }[]
}

export class ProducerStates {
  readonly #states = new Map<bigint, ProducerState>()

  /** @returns the base offset of a batch that is there already; undefined: it is to be appended at `end` */
  admit({ producerId, epoch, sequence, records }: Sent, end: number): number | undefined {
    let state = this.#states.get(producerId)
    if (state !== undefined && epoch < state.epoch) throw kafkaError('INVALID_PRODUCER_EPOCH')
    if (state?.epoch !== epoch) {
      if (state !== undefined && sequence !== 0) throw kafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER')
      state = { epoch, next: sequence, last: [] }
      this.#states.set(producerId, state)
    }
    const known = state.last.find((sent) => sent.sequence === sequence && sent.records === records)
    if (known !== undefined) return known.baseOffset
    if (sequence !== state.next) throw kafkaError('OUT_OF_ORDER_SEQUENCE_NUMBER')
    state.next = (sequence + records) % SEQUENCES
    state.last = [...state.last, { sequence, records, baseOffset: end }].slice(-REMEMBERED)
    return undefined
  }

  /** A marker has come: nothing of an earlier epoch is taken any more. */
  bump(producerId: bigint, epoch: number): void {
    const state = this.#states.get(producerId)
    if (state === undefined || state.epoch < epoch) {
      this.#states.set(producerId, { epoch, next: 0, last: [] })
    }
  }
}
