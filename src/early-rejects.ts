/**
 * Rejects of the dimensions while these are first read. They go with the epochs, but there is none yet:
 * they get transactions of their own, before they fill the memory. At any time: a dimension's store does
 * not say that rows are done with before the rejects among them are committed. After a crash they may be
 * rejected once more, and are never lost.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import type { ProduceBatch, TransactionalProducer } from './broker/port.ts'
import { codeOf } from './errors.ts'
import type { Log } from './events.ts'
import type { BatchList } from './output/task-output.ts'

/** So many may wait. */
const MOST_BYTES = 8 * 1024 * 1024
const RETRY_MS = 500

export class EarlyRejects {
  readonly #batches: BatchList
  readonly #producer: () => Promise<TransactionalProducer>
  readonly #onWritten: (records: number, bytes: number) => void
  readonly #inEpochs: () => boolean
  readonly #log: Log
  /** Taken, and not committed yet. */
  #isOpen = false
  #writing: Promise<void> = Promise.resolve()
  #ended = false

  /**
   * @param producer that of the epochs, which have not begun
   * @param onWritten is told what has been committed
   * @param inEpochs whether an epoch has taken some that are not committed yet
   */
  constructor(
    batches: BatchList,
    producer: () => Promise<TransactionalProducer>,
    onWritten: (records: number, bytes: number) => void,
    inEpochs: () => boolean,
    log: Log,
  ) {
    this.#batches = batches
    this.#producer = producer
    this.#onWritten = onWritten
    this.#inEpochs = inEpochs
    this.#log = log
  }

  /** Whether some are not committed yet. */
  get pending(): boolean {
    return this.#batches.records > 0 || this.#isOpen || this.#inEpochs()
  }

  /** To be awaited before more rows are read. @param all none may be left, however few they are */
  room(all: boolean): Promise<void> {
    if (this.#ended || (!all && this.#batches.bytes < MOST_BYTES)) return Promise.resolve()
    return this.#writeInTurn()
  }

  /** Writes the rest; later ones are for the epochs. */
  async end(): Promise<void> {
    this.#ended = true
    await this.#writeInTurn()
  }

  #writeInTurn(): Promise<void> {
    this.#writing = this.#writing.then(() => this.#write())
    return this.#writing
  }

  async #write(): Promise<void> {
    const { records } = this.#batches
    if (records === 0) return
    const batches = this.#batches.take()
    this.#isOpen = true
    // Not to be asked once they are committed: their memory goes.
    const bytes = batches.reduce((sum, batch) => sum + batch.bytes, 0)
    const producer = await this.#producer()
    while (!(await this.#commit(producer, batches))) await sleep(RETRY_MS)
    this.#isOpen = false
    this.#onWritten(records, bytes)
    this.#log.event('early_rejects_written', { records, bytes })
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
      if (codeOf(error) !== 'EPOCH_ABORTED') throw error
      await producer.init()
      return false
    }
  }
}
