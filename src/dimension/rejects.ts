/**
 * Rejects of the dimensions, until they are committed: with the epochs, or, while the dimensions are first read and there
 * are none yet, in transactions of their own. A dimension's store does not say that rows are done with before the rejects
 * among them are committed: after a crash they may be rejected once more, and are never lost.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProduceBatch, TransactionalProducer } from '../broker/port.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { BatchList, type OutputTopic, type Rejected, writeReject } from '../output/task-output.ts'

/** So many may wait. */
const MOST_BYTES = 8 * 1024 * 1024
/** About so many bytes does a reject take with its own headers and objects, beside the record. */
const REJECT_BYTES = 600
const RETRY_MS = 500

export interface DimensionRejectsOptions {
  readonly topic: OutputTopic
  /** That of the epochs, while these have not begun. */
  readonly producer: () => Promise<TransactionalProducer>
  /** Is told what has been committed before the first epoch. */
  readonly onWritten: (records: number, bytes: number) => void
  /** The topic does not take what it was sent: what it takes is read anew. Throws where that cures nothing. */
  readonly onRefused: (error: EnricherError) => Promise<void>
  readonly log: Log
}

export class DimensionRejects {
  readonly #options: DimensionRejectsOptions
  /** Records, not batches: what the topic takes may change before they are committed. */
  #waiting: Rejected[] = []
  #waitingBytes = 0
  #takenBytes = 0
  /** Rejects in the transaction under way, or in one that was aborted. */
  #taken: Rejected[] = []
  #added = 0
  #waiters: (() => void)[] = []
  #writing: Promise<void> = Promise.resolve()
  #inEpochs = false
  #closed = false

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
  take(): readonly ProduceBatch[] {
    this.#taken = this.#taken.concat(this.#waiting)
    this.#takenBytes += this.#waitingBytes
    this.#waiting = []
    this.#waitingBytes = 0
    const batches = new BatchList(this.#options.topic, 0)
    for (const rejected of this.#taken) writeReject(batches, rejected)
    return batches.take()
  }

  /** What was taken last is committed. */
  settle(): void {
    this.#taken = []
    this.#takenBytes = 0
    this.#wake()
  }

  /** Resolves when not too many wait. */
  async room(): Promise<void> {
    while (this.#waitingBytes + this.#takenBytes > MOST_BYTES && !this.#closed) {
      await this.#nextCommit()
    }
  }

  /** Resolves when so many are committed, or there are no more commits. */
  async untilCommitted(count: number): Promise<void> {
    while (this.committed < count && !this.#closed) await this.#nextCommit()
  }

  /** Writes the rest; later ones are for the epochs. */
  async beginEpochs(): Promise<void> {
    this.#inEpochs = true
    await this.#writeInTurn()
  }

  /** There are no more commits; who waits for one goes on. */
  close(): void {
    this.#closed = true
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
    const { producer, onWritten, log } = this.#options
    const own = await producer()
    for (;;) {
      const batches = this.take()
      const records = this.#taken.length
      // Not to be asked once they are committed: their memory goes.
      const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
      if (await this.#commit(own, batches)) {
        this.settle()
        onWritten(records, bytes)
        log.event('early_rejects_written', { records, bytes })
        return
      }
      await sleep(RETRY_MS)
    }
  }

  /** False: aborted, to be tried again. */
  async #commit(
    producer: TransactionalProducer,
    batches: readonly ProduceBatch[],
  ): Promise<boolean> {
    try {
      producer.begin()
      await producer.send(batches)
      await producer.commit()
      return true
    } catch (error) {
      if (!(error instanceof EnricherError)) throw error
      if (error.code === 'RECORD_REFUSED') await this.#options.onRefused(error)
      // Fenced by a member that took us for gone: we are back.
      else if (error.code !== 'EPOCH_ABORTED' && error.code !== 'FENCED') throw error
      await producer.init()
      return false
    }
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

  /** Resolves when they are, or there are no more commits. */
  untilCommitted(): Promise<void> {
    return this.#all.untilCommitted(this.#last)
  }
}

function bytesOf({ record: { key, value, headers }, error }: Rejected): number {
  const ofHeaders = headers.reduce((sum, [name, v]) => sum + name.length + (v?.length ?? 0), 0)
  return REJECT_BYTES + (key?.length ?? 0) + (value?.length ?? 0) + ofHeaders + error.length
}
