/** The window stores on this instance's disk. */
import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Counts } from '../counts/counts.ts'
import type { Log } from '../events.ts'
import { openStore, type Store, timed } from './level.ts'

/** Of a task that keeps state. */
export interface StorePlace {
  /** Its number among the stages that do. */
  readonly stage: number
  readonly partition: number
}

/** `3` of the first stage, then `2-3`. */
const nameOfStore = ({ stage, partition }: StorePlace): string =>
  stage === 0 ? String(partition) : `${stage + 1}-${partition}`

/** Whose store a folder of windows is; undefined: it is none that is read. */
export function placeOfStore(name: string): StorePlace | undefined {
  const [, stage, partition] = /^(?:(\d+)-)?(\d+)$/.exec(name) ?? []
  if (partition === undefined) return undefined
  return { stage: stage === undefined ? 0 : Number(stage) - 1, partition: Number(partition) }
}

/** Why a store is put aside. */
type Condemned = 'damaged' | 'asked'

export class TaskStores {
  readonly #folder: string
  readonly #bufferBytes: number
  readonly #counts: Counts
  readonly #log: Log
  /** How many stages keep state. */
  readonly #stages: number
  /** By folder. */
  readonly #condemned = new Map<string, Condemned>()

  /** @param stateDir the pipeline's `state.dir`. @param stages that keep state. @param bufferBytes of each of a store's buffers */
  constructor(stateDir: string, stages: number, bufferBytes: number, counts: Counts, log: Log) {
    this.#stages = stages
    this.#bufferBytes = bufferBytes
    this.#folder = join(stateDir, 'window')
    this.#counts = counts
    this.#log = log
  }

  /** Those whose store is here. @param stage its number among those that keep state */
  partitions(stage = 0): number[] {
    const all = existsSync(this.#folder) ? readdirSync(this.#folder) : []
    return all.flatMap((name) => {
      const found = placeOfStore(name)
      return found?.stage === stage ? [found.partition] : []
    })
  }

  /** The partition's store of each stage is put aside when it is opened again. */
  condemn(partition: number, reason: Condemned): void {
    for (let stage = 0; stage < this.#stages; stage++) {
      const name = nameOfStore({ stage, partition })
      if (!this.#condemned.has(name)) this.#condemned.set(name, reason)
    }
  }

  /** @param stage its number among those that keep state */
  async open(partition: number, stage = 0): Promise<Store> {
    const name = nameOfStore({ stage, partition })
    const folder = join(this.#folder, name)
    const reason = this.#condemned.get(name)
    this.#condemned.delete(name)
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
