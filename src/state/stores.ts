/** The window stores on this instance's disk. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Counts } from '../counts/counts.ts'
import type { Log } from '../events.ts'
import { openStore, type Store, timed } from './level.ts'

/** Why a store is put aside. */
type Condemned = 'damaged' | 'asked'

export class TaskStores {
  readonly #folder: string
  readonly #bufferBytes: number
  readonly #counts: Counts
  readonly #log: Log
  /** By partition. */
  readonly #condemned = new Map<number, Condemned>()

  /** @param stateDir the pipeline's `state.dir`. @param bufferBytes of each of a store's buffers */
  constructor(stateDir: string, bufferBytes: number, counts: Counts, log: Log) {
    this.#bufferBytes = bufferBytes
    this.#folder = join(stateDir, 'window')
    this.#counts = counts
    this.#log = log
  }

  /** Those whose store is here. */
  partitions(): number[] {
    return existsSync(this.#folder)
      ? readdirSync(this.#folder).map(Number).filter(Number.isInteger)
      : []
  }

  /** The store is put aside when it is opened again. */
  condemn(partition: number, reason: Condemned): void {
    if (!this.#condemned.has(partition)) this.#condemned.set(partition, reason)
  }

  async open(partition: number): Promise<Store> {
    const folder = join(this.#folder, String(partition))
    const reason = this.#condemned.get(partition)
    this.#condemned.delete(partition)
    if (reason !== undefined && existsSync(folder)) {
      rmSync(`${folder}.damaged`, { recursive: true, force: true })
      renameSync(folder, `${folder}.damaged`)
      this.#counts.quarantined.add(`window ${reason}`)
      this.#log.event('window_store_put_aside', { partition, folder: `${folder}.damaged` })
    }
    const store = await openStore(folder, this.#bufferBytes)
    return timed(store, (op, ms) => this.#counts.storeOps.add(`window ${op}`, ms))
  }
}
