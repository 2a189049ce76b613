/** What an operator may tell a running service to do. */
import type { Admin, Level } from '../ops/admin.ts'
import { ApiError } from '../ops/api-error.ts'
import type { LeveledLog } from '../ops/log.ts'
import type { Worker } from '../worker.ts'
import type { ServiceParts } from './parts.ts'

export class Operator implements Admin {
  readonly #parts: ServiceParts
  readonly #log: LeveledLog
  readonly #onFatal: (error: unknown) => void
  readonly #rebuilding = new Set<string>()

  constructor(parts: ServiceParts, log: LeveledLog, onFatal: (error: unknown) => void) {
    this.#parts = parts
    this.#log = log
    this.#onFatal = onFatal
  }

  pause(): void {
    this.#worker.pause()
    this.#log.event('paused', {})
  }

  resume(): void {
    this.#worker.resume()
    this.#log.event('resumed', {})
  }

  drain(): void {
    this.#log.event('drained', {})
    this.#worker.drain().catch(this.#onFatal)
  }

  rebuild(store: string): void {
    const { pipeline, dimensions } = this.#parts
    const d = pipeline.dimensions.findIndex(({ name }) => name === store)
    if (d >= 0 && dimensions[d] !== undefined) this.#rebuildDimension(store, d)
    else this.#rebuildWindow(store)
  }

  level(): string {
    return this.#log.level
  }

  setLevel(level: Level): void {
    this.#log.level = level
  }

  /** Facts wait meanwhile, as they do at the start. */
  #rebuildDimension(name: string, d: number): void {
    const worker = this.#worker
    if (this.#rebuilding.has(name) || !this.#parts.dimensions[d].isReady) {
      throw new ApiError(409, `The dimension ${name} is being read already`)
    }
    this.#rebuilding.add(name)
    this.#log.event('dimension_rebuild_begun', { dimension: name })
    worker
      .holdDuring(() => this.#parts.dimensions[d].rebuild())
      .then(() => this.#log.event('dimension_rebuilt', { dimension: name }))
      .catch(this.#onFatal)
      .finally(() => this.#rebuilding.delete(name))
  }

  #rebuildWindow(store: string): void {
    const [, partition] = /^window-(\d+)$/.exec(store) ?? []
    if (partition === undefined) {
      const names = this.#parts.pipeline.dimensions.map(({ name }) => name)
      throw new ApiError(
        404,
        `There is no store ${store}; there are ${[...names, 'window-N'].join(', ')}`,
      )
    }
    if (this.#worker.rebuild(Number(partition))) return
    throw new ApiError(409, `Task ${partition} does not run on this instance now; see /v1/members`)
  }

  get #worker(): Worker {
    const { worker } = this.#parts
    if (worker === undefined) throw new ApiError(409, 'The instance is starting')
    if (worker.draining) throw new ApiError(409, 'The instance is draining; start it anew')
    return worker
  }
}
