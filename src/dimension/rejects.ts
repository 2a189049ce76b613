/**
 * Rejects of the dimensions, until they are committed: with the epochs, or, while the dimensions are first read and there
 * are none yet, in transactions of their own. A dimension's store does not say that rows are done with before the rejects
 * among them are committed: after a crash they may be rejected once more, and are never lost.
 */
import type { ProduceBatch, TransactionalProducer } from '../broker/port.ts'
import { codeOf, type EnricherError, type ErrorCode } from '../errors.ts'
import type { Log } from '../events.ts'
import { BatchList, type OutputTopic } from '../output/task-output.ts'
import { type Rejected, writeReject } from '../output/write-reject.ts'
import { retry } from '../retry/retry.ts'

/** The bytes of rejects that may wait to be committed. */
const MOST_BYTES = 8 * 1024 * 1024
/** About so many bytes does a reject take with its own headers and objects, beside the record. */
const REJECT_BYTES = 600
const RETRY_MS = 500
/** What a transaction of rejects may fail with, and go well the next time. It is fenced by a member that took us for gone. */
const DONE_AGAIN: readonly (ErrorCode | undefined)[] = ['EPOCH_ABORTED', 'FENCED', 'RECORD_REFUSED']

export interface DimensionRejectsOptions {
  readonly topic: OutputTopic
  /** The producer of the epochs, while these have not begun. */
  readonly producer: () => Promise<TransactionalProducer>
  /** It is told what has been committed before the first epoch. */
  readonly onWritten: (records: number, bytes: number) => void
  /** The topic does not take what it was sent: what it takes is read anew. Throws where that cures nothing. */
  readonly onRefused: (error: EnricherError) => Promise<void>
  readonly log: Log
}

export class DimensionRejects {
  readonly #options: DimensionRejectsOptions
  /** What waits is records, not batches: what the topic takes may change before they are committed. */
  #waiting: Rejected[] = []
  #waitingBytes = 0
  #takenBytes = 0
  /** Rejects in the transaction under way, or in one that was aborted. */
  #taken: Rejected[] = []
  #added = 0
  #waiters: (() => void)[] = []
  #writing: Promise<void> = Promise.resolve()
  #inEpochs = false
  readonly #closed = new AbortController()

  constructor(options: DimensionRejectsOptions) {
    this.#options = options
  }

  /** @returns how many there were until now, with this one */
  add(rejected: Rejected): number {
    this.#waiting.push(rejected)
    this.#waitingBytes += bytesOf(rejected)
    return ++this.#added
  }

  /** How many of those that there were are committed: always the first ones. */
  get committed(): number {
    return this.#added - this.#waiting.length - this.#taken.length
  }

  /** All that is not committed, in batches of what the topic takes now; `settle`, once they are. */
  drain(): readonly ProduceBatch[] {
    this.#taken = this.#taken.concat(this.#waiting)
    this.#takenBytes += this.#waitingBytes
    this.#waiting = []
    this.#waitingBytes = 0
    const batches = new BatchList(this.#options.topic, 0)
    for (const rejected of this.#taken) writeReject(batches, rejected)
    return batches.drain()
  }

  /** What was taken last is committed. */
  settle(): void {
    this.#taken = []
    this.#takenBytes = 0
    this.#wake()
  }

  /** Resolves when not too many wait. */
  async room(): Promise<void> {
    while (this.#waitingBytes + this.#takenBytes > MOST_BYTES && !this.#closed.signal.aborted) {
      await this.#nextCommit()
    }
  }

  /** Resolves when so many are committed, or there are no more commits. */
  async untilCommitted(count: number): Promise<void> {
    while (this.committed < count && !this.#closed.signal.aborted) await this.#nextCommit()
  }

  /** Writes the rest; later ones are for the epochs. */
  async beginEpochs(): Promise<void> {
    this.#inEpochs = true
    await this.#writeInTurn()
  }

  /** There are no more commits; who waits for one goes on. */
  close(): void {
    this.#closed.abort()
    this.#wake()
  }

  #nextCommit(): Promise<void> {
    if (!this.#inEpochs) return this.#writeInTurn()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve()
  }

  #writeInTurn(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    if (this.committed === this.#added) return
    const own = await this.#options.producer()
    const policy = {
      wait: () => RETRY_MS,
      isCurable: (error: unknown) => DONE_AGAIN.includes(codeOf(error)),
      prepare: (error: unknown) => this.#renew(own, error as EnricherError),
    }
    const { signal } = this.#closed
    await retry(() => this.#commit(own), policy, signal).catch((error) => {
      if (!signal.aborted) throw error
    })
  }

  async #commit(producer: TransactionalProducer): Promise<void> {
    const batches = this.drain()
    const records = this.#taken.length
    // Batches are not to be asked once they are committed: their memory goes.
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
    producer.begin()
    await producer.send(batches)
    await producer.commit()
    this.settle()
    this.#options.onWritten(records, bytes)
    this.#options.log.event('early_rejects_written', { records, bytes })
  }

  /** Makes ready for another transaction, after one that was aborted. */
  async #renew(producer: TransactionalProducer, error: EnricherError): Promise<void> {
    if (error.code === 'RECORD_REFUSED') await this.#options.onRefused(error)
    await producer.init()
  }
}

/** The rejects of one dimension. */
export class OwnRejects {
  readonly #all: DimensionRejects
  /** How many there were of all dimensions, with the last of this one. */
  #last = 0

  constructor(all: DimensionRejects) {
    this.#all = all
  }

  add(rejected: Rejected): void {
    this.#last = this.#all.add(rejected)
  }

  get areCommitted(): boolean {
    return this.#all.committed >= this.#last
  }

  /** Resolves when the dimension's rejects are committed, or there are no more commits. */
  untilCommitted(): Promise<void> {
    return this.#all.untilCommitted(this.#last)
  }
}

function bytesOf({ record: { key, value, headers }, error }: Rejected): number {
  const ofHeaders = headers.reduce((sum, [name, v]) => sum + name.length + (v?.length ?? 0), 0)
  return REJECT_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders + error.length
}
