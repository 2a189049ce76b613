/** What an operator may tell a running service to do. */
import { keepsState } from '../../config/waits.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import type { Worker } from '../../instance/worker.ts'
import type { Admin } from '../http/admin.ts'
import { ApiError } from '../http/api-error.ts'
import type { Level, LeveledLog } from '../log/log.ts'
import { inTime } from './in-time.ts'
import type { ServiceParts } from './parts.ts'

/** A broker that does not answer for this long is away. */
const PATIENCE_MS = 3000
const RETRY_SECONDS = 10

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
    this.#running().pause()
    this.#log.event('paused', {})
  }

  resume(): void {
    this.#running().resume()
    this.#log.event('resumed', {})
  }

  drain(): void {
    this.#log.event('drained', {})
    this.#running().drain().catch(this.#onFatal)
  }

  async rebuild(store: string): Promise<void> {
    const { pipeline, dimensions } = this.#parts
    const d = pipeline.dimensions.findIndex(({ name }) => name === store)
    if (dimensions[d] === undefined) this.#rebuildWindow(store)
    else await this.#rebuildDimension(store, dimensions[d])
  }

  level(): string {
    return this.#log.level
  }

  setLevel(level: Level): void {
    this.#log.level = level
  }

  /** Once it has begun facts wait, as they do at the start. */
  async #rebuildDimension(name: string, dimension: Dimension): Promise<void> {
    this.#running()
    if (this.#rebuilding.has(name) || !dimension.isReady) {
      throw new ApiError(409, `The dimension ${name} is being read already`)
    }
    this.#rebuilding.add(name)
    const end = (): boolean => this.#rebuilding.delete(name)
    const extent = await inTime(dimension.look(), PATIENCE_MS).catch(() => {
      end()
      const message = `No broker answers, so ${name} could not be read; it stays as it is`
      throw new ApiError(503, message, RETRY_SECONDS)
    })
    this.#log.event('dimension_rebuild_begun', { dimension: name })
    dimension
      .rebuild(extent)
      .then(() => this.#log.event('dimension_rebuilt', { dimension: name }))
      .catch(this.#onFatal)
      .finally(end)
  }

  #rebuildWindow(store: string): void {
    const { dimensions } = this.#parts.pipeline
    const hasState = keepsState(this.#parts.pipeline)
    const [, partition] = /^window-(\d+)$/.exec(store) ?? []
    if (partition === undefined || !hasState) {
      const names = dimensions.map(({ name }) => name)
      const all = hasState ? [...names, 'window-N'] : names
      throw new ApiError(404, `There is no store ${store}; there are ${all.join(', ') || 'none'}`)
    }
    if (this.#running().rebuild(Number(partition))) return
    throw new ApiError(409, `Task ${partition} does not run on this instance now; see /v1/members`)
  }

  /** Throws where there is no worker that could go on. */
  #running(): Worker {
    const { worker } = this.#parts
    if (worker === undefined) throw new ApiError(409, 'The instance is starting')
    if (worker.draining) throw new ApiError(409, 'The instance is draining; start it anew')
    return worker
  }
}
