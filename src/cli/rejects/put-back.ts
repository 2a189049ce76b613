/**
 * Puts rejects back into their topics, exactly once: page by page, each in a transaction that also notes them in the
 * ledger. To begin fences whoever did the same, and ends what that one had under way; what is committed by then is in
 * the ledger, which is read only now. So each is put back once, whenever one dies and however many begin.
 */
import type { RecordBytes } from '../../batch.ts'
import type { Broker, ProduceBatch, TransactionalProducer } from '../../broker/port.ts'
import { codeOf, messageOf } from '../../errors.ts'
import { BatchList } from '../../output/batch-list.ts'
import { recordBytes } from '../../output/write-reject.ts'
import type { Fates, Stays } from './fates.ts'
import {
  type Ledger,
  ledgerBatch,
  prepareLedger,
  readLedger,
  retryTransactionalId,
} from './ledger.ts'
import { pagesOf } from './pages.ts'
import type { Rejected } from './reject.ts'
import { Tallies } from './tallies.ts'

/** While a transaction is open the inputs are not read behind it: one that has lost its owner is not to hold them up for long. */
const TIMEOUT_MS = 20_000

export interface PutBackOptions {
  /** The topic. */
  readonly rejects: string
  /** Rejected then or later, ms since 1970; undefined: all. */
  readonly since: number | undefined
  readonly isWanted: (rejected: Rejected) => boolean
  readonly limit: number
  readonly fates: Fates
  /** Only says what it would do. */
  readonly isDry: boolean
  /** Asked between transactions. */
  readonly isStopped: () => boolean
}

/** A reject, and what is written into its topic. */
interface Returning {
  readonly rejected: Rejected
  readonly back: RecordBytes
}

export class PutBack {
  readonly #broker: Broker
  readonly #options: PutBackOptions
  /** By reason. What is committed, or would be. */
  readonly back = new Tallies<string>()
  /** What was looked at and stays, by why. */
  readonly left = new Tallies<Stays>()

  constructor(broker: Broker, options: PutBackOptions) {
    this.#broker = broker
    this.#options = options
  }

  /** Throws a sentence; `back` has what was put back by then. */
  async run(): Promise<void> {
    const { rejects, isDry } = this.#options
    if (isDry) {
      await this.#pages(await readLedger(this.#broker, rejects), null)
      return
    }
    await prepareLedger(this.#broker, rejects)
    const transactionalId = retryTransactionalId(rejects)
    const producer = this.#broker.producer({ transactionalId, timeoutMs: TIMEOUT_MS })
    try {
      await producer.init()
      await this.#pages(await readLedger(this.#broker, rejects), producer)
    } catch (error) {
      throw explained(error, rejects)
    } finally {
      await producer.close()
    }
  }

  /** @param producer null: nothing is written */
  async #pages(ledger: Ledger, producer: TransactionalProducer | null): Promise<void> {
    const { rejects, since, limit, isStopped } = this.#options
    for await (const page of pagesOf(this.#broker, rejects, since)) {
      const returning = await this.#returningOf(page, ledger)
      if (producer !== null && returning.length > 0) await this.#commit(returning, producer)
      for (const { rejected } of returning) this.back.add(rejected.reason, rejected)
      if (this.back.total >= limit || isStopped()) return
    }
  }

  async #returningOf(page: readonly Rejected[], ledger: Ledger): Promise<Returning[]> {
    const { isWanted, limit, fates } = this.#options
    const most = limit - this.back.total
    const returning: Returning[] = []
    for (const rejected of page) {
      if (returning.length === most) break
      if (!isWanted(rejected)) continue
      const fate = await fates.of(rejected, ledger)
      if ('back' in fate) returning.push({ rejected, back: fate.back })
      else this.left.add(fate.stays, rejected)
    }
    return returning
  }

  async #commit(returning: readonly Returning[], producer: TransactionalProducer): Promise<void> {
    const note = ledgerBatch(
      this.#options.rejects,
      returning.map(({ rejected }) => rejected),
    )
    producer.begin()
    await producer.send([...this.#batchesOf(returning), note])
    await producer.commit()
  }

  /** Each record goes to the partition that it came from, with its time. */
  #batchesOf(returning: readonly Returning[]): ProduceBatch[] {
    const { fates } = this.#options
    const lists = new Map<string, BatchList>()
    for (const { rejected, back } of returning) {
      const { topic, partition, timestamp } = rejected
      const place = `${topic}:${partition}`
      const list = lists.get(place) ?? new BatchList(fates.outputOf(topic), partition)
      lists.set(place, list)
      list.writer(recordBytes(back)).recordOf(timestamp, back)
    }
    return [...lists.values()].flatMap((list) => list.drain())
  }
}

const AGAIN = 'the same command goes on from there'

/** What a transaction's failure is to who retries. */
function explained(error: unknown, rejects: string): unknown {
  switch (codeOf(error)) {
    case 'FENCED':
      return new Error(
        `Another retry of ${rejects} has begun, and goes on with what this one has not put back`,
        { cause: error },
      )
    case 'RECORD_REFUSED':
    case 'EPOCH_ABORTED':
      return new Error(
        `A transaction has failed, and nothing of it was put back, or all: ${messageOf(error)}; ${AGAIN}`,
        { cause: error },
      )
    default:
      return error
  }
}
