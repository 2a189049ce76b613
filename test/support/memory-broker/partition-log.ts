/** The log of one partition: record batches as they were given, and what transactions make of them. */
import { type AbortedTransaction, decodeRecordBatches } from '../../../src/broker/record-columns.ts'
import { kafkaError } from './kafka-errors.ts'
import { type Marker, markerBatch } from './markers.ts'
import { ProducerStates } from './producer-states.ts'

const TRANSACTIONAL = 0x10
const CONTROL = 0x20

interface StoredBatch {
  readonly bytes: Buffer
  readonly baseOffset: number
  readonly lastOffset: number
  readonly isControl: boolean
  readonly maxTimestamp: number
}

interface Aborted extends AbortedTransaction {
  readonly lastOffset: number
}

export interface FetchedBytes {
  readonly records: Buffer
  readonly aborted: readonly AbortedTransaction[]
}

export class PartitionLog {
  readonly topic: string
  readonly partition: number
  /** The first offset that can be read. */
  start = 0
  /** The high watermark: behind the last batch, for there are no replicas. */
  end = 0
  #batches: StoredBatch[] = []
  readonly #producers = new ProducerStates()
  /** First offsets of open transactions, by producer id. */
  readonly #open = new Map<bigint, number>()
  readonly #aborted: Aborted[] = []

  constructor(topic: string, partition: number) {
    this.topic = topic
    this.partition = partition
  }

  /** The last stable offset: before the first transaction that is open. */
  get stable(): number {
    return Math.max(this.start, Math.min(this.end, ...this.#open.values()))
  }

  /** @returns the base offset; of a batch that came before, its old one */
  append(bytes: Buffer): number {
    const producerId = bytes.readBigInt64BE(43)
    const records = bytes.readInt32BE(57)
    const isTransactional = (bytes.readInt16BE(21) & TRANSACTIONAL) !== 0
    if (producerId >= 0n) {
      const known = this.#producers.admit(
        { producerId, epoch: bytes.readInt16BE(51), sequence: bytes.readInt32BE(53), records },
        this.end,
      )
      if (known !== undefined) return known
    }
    const baseOffset = this.#store(bytes)
    if (isTransactional && !this.#open.has(producerId)) this.#open.set(producerId, baseOffset)
    return baseOffset
  }

  /** The end of a producer's transaction. A marker is written also where nothing was sent. */
  async mark(marker: Marker): Promise<void> {
    const { producerId, producerEpoch, isCommit } = marker
    const bytes = await markerBatch(marker)
    this.#producers.bump(producerId, producerEpoch)
    const lastOffset = this.#store(bytes)
    const firstOffset = this.#open.get(producerId)
    this.#open.delete(producerId)
    if (!isCommit && firstOffset !== undefined) {
      this.#aborted.push({ producerId, firstOffset: BigInt(firstOffset), lastOffset })
    }
  }

  deleteBefore(offset: number): void {
    if (offset > this.end) throw kafkaError('OFFSET_OUT_OF_RANGE', this.topic)
    this.start = Math.max(this.start, offset)
    this.#batches = this.#batches.filter(({ lastOffset }) => lastOffset >= this.start)
  }

  /** Whole batches, at least one where there is one, as a read_committed reader gets them. */
  read(offset: number, maxBytes: number): FetchedBytes {
    if (offset < this.start || offset > this.end) {
      throw kafkaError('OFFSET_OUT_OF_RANGE', this.topic)
    }
    const { stable } = this
    const taken: Buffer[] = []
    let bytes = 0
    let next = offset
    for (const batch of this.#batches) {
      if (batch.lastOffset < offset) continue
      if (batch.baseOffset >= stable) break
      if (taken.length > 0 && bytes + batch.bytes.length > maxBytes) break
      taken.push(batch.bytes)
      bytes += batch.bytes.length
      next = batch.lastOffset + 1
    }
    const aborted = this.#aborted.filter(
      ({ firstOffset, lastOffset }) => lastOffset >= offset && Number(firstOffset) < next,
    )
    return { records: Buffer.concat(taken), aborted }
  }

  /** The first record whose timestamp is not before `time`, if it is stable; else -1. Markers count, too. */
  async at(time: number): Promise<number> {
    for (const { bytes, baseOffset, lastOffset, isControl, maxTimestamp } of this.#batches) {
      if (maxTimestamp < time || lastOffset < this.start) continue
      if (isControl) return baseOffset < this.stable ? baseOffset : -1
      const columns = await decodeRecordBatches(Buffer.from(bytes), this.start, [])
      for (let i = 0; i < columns.length; i++) {
        if (columns.timestamps[i] < time) continue
        return columns.offsets[i] < this.stable ? columns.offsets[i] : -1
      }
    }
    return -1
  }

  #store(bytes: Buffer): number {
    const baseOffset = this.end
    // The checksum begins behind it.
    bytes.writeBigInt64BE(BigInt(baseOffset))
    const lastOffset = baseOffset + bytes.readInt32BE(23)
    this.#batches.push({
      bytes,
      baseOffset,
      lastOffset,
      isControl: (bytes.readInt16BE(21) & CONTROL) !== 0,
      maxTimestamp: Number(bytes.readBigInt64BE(35)),
    })
    this.end = lastOffset + 1
    return baseOffset
  }
}
