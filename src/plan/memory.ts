/** How much memory each part of the service may hold, from the pipeline file and the container's limit. */
import { totalmem } from 'node:os'
import type { MemoryConfig } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'

const MIB = 1024 * 1024
/** What the process takes besides: JavaScript's heap, code, the stores' own buffers. */
export const PROCESS_BYTES = 160 * MIB
/** What a part gets where the file does not say it: so much at most, and this share of a small container. */
const DEFAULTS = {
  pages: { most: 192 * MIB, share: 0.2 },
  fetch: { most: 64 * MIB, share: 0.06 },
  epoch: { most: 32 * MIB, share: 0.05 },
} as const
/** The smallest that an input or a task can work with. */
const LEAST_BYTES = 64 * 1024
/** Larger fetches gain nothing, and leave the processor's cache before they are read. */
const FETCH_BYTES = 512 * 1024
const ANSWER_BYTES = 4 * MIB
/**
 * Most is LevelDB's default for what is written. Three buffers a store are part of `PROCESS_BYTES`, for some 50 tasks on an instance;
 * each one more takes 768 KiB beside the limits, for less is no use to LevelDB.
 */
const STORE_BUFFER = { most: 4 * MIB, least: 256 * 1024 } as const

/** What the parts of an instance may take, in bytes. */
export interface MemoryLimits {
  /** The container's, or what the file says. */
  readonly limit: number
  /** Committed pages of the window that stay in memory. */
  readonly pages: number
  /** Fetched records that wait to be taken. */
  readonly fetch: number
  /** Outputs, rejects and pages of the epoch that fills and the one that commits. */
  readonly epoch: number
  /** Rows and indexes of all dimensions. */
  readonly dimensions: number
}

/** Bytes that the process may have: its container's limit, or the machine's memory. */
export function availableBytes(): number {
  const constrained = process.constrainedMemory()
  // Node gives 0, or a number beyond any memory, where there is no limit.
  return constrained > 0 && constrained < totalmem() ? constrained : totalmem()
}

/**
 * The limits with defaults filled in. What the other parts leave is the dimensions', unless the file
 * says less. Throws MEMORY_TOO_SMALL where the parts are more than `available`, or the file's `limit`.
 */
export function memoryLimits(config: MemoryConfig, available: number): MemoryLimits {
  const limit = config.limit ?? available
  const part = (name: keyof typeof DEFAULTS): number => {
    const { most, share } = DEFAULTS[name]
    return config[name] ?? Math.min(most, Math.floor(limit * share))
  }
  const parts = { pages: part('pages'), fetch: part('fetch'), epoch: part('epoch') }
  const left = limit - PROCESS_BYTES - parts.pages - parts.fetch - parts.epoch
  const dimensions = config.dimensions ?? left
  if (limit > available || dimensions > left || left < 0) {
    throw tooSmall({ ...parts, dimensions: config.dimensions ?? 0 }, limit, available)
  }
  return { limit, ...parts, dimensions }
}

function tooSmall(
  parts: Omit<MemoryLimits, 'limit'>,
  limit: number,
  available: number,
): EnricherError {
  const fields = { ...parts, process: PROCESS_BYTES, limit, available }
  if (limit > available) {
    const message = `memory.limit is ${mib(limit)}, but the container or machine has ${mib(available)}`
    return new EnricherError('MEMORY_TOO_SMALL', message, { fields })
  }
  const sum = Object.values(parts).reduce((a, b) => a + b, PROCESS_BYTES)
  const named = Object.entries(parts).map(([name, bytes]) => `memory.${name} ${mib(bytes)}`)
  const message = `${named.join(', ')} and ${mib(PROCESS_BYTES)} for the process are ${mib(sum)}, over the limit of ${mib(limit)}: give the container more memory, or lower one of them`
  return new EnricherError('MEMORY_TOO_SMALL', message, { fields })
}

const mib = (bytes: number): string => `${Math.ceil(bytes / MIB)} MiB`

/** Shares of the limits, for a topic of `partitions` partitions, all of which the instance may come to hold. */
export class MemoryShares {
  readonly limits: MemoryLimits
  /** Tasks that the instance holds now. */
  tasks = 1
  /** Bytes of an epoch after which a task waits for the next. */
  readonly epochBytes: number
  /** Bytes of one input of one task that wait, after which its fetching pauses. */
  readonly inputBytes: number
  /** For one partition of one fetch; the broker sends at least one batch, whatever its size. */
  readonly partitionFetchBytes: number
  readonly answerBytes: number
  /** Of each buffer of a task's store: what is written, once more while it goes to disk, and the cache. */
  readonly storeBufferBytes: number

  constructor(limits: MemoryLimits, partitions: number) {
    this.limits = limits
    // Two epochs: one fills while the other commits.
    this.epochBytes = atLeast(limits.epoch / 2 / partitions)
    // A quarter waits, as much again is on its way; the rest is what answers hold beside it.
    const input = limits.fetch / 2 / partitions
    this.inputBytes = atLeast(Math.min(2 * FETCH_BYTES, input / 4))
    this.partitionFetchBytes = atLeast(Math.min(FETCH_BYTES, input / 4))
    this.answerBytes = atLeast(Math.min(ANSWER_BYTES, limits.fetch / 4))
    const buffer = Math.floor(limits.pages / 16 / partitions)
    this.storeBufferBytes = Math.max(STORE_BUFFER.least, Math.min(STORE_BUFFER.most, buffer))
  }

  /** Bytes of committed pages that a task may keep. */
  get pageBytes(): number {
    return atLeast(this.limits.pages / Math.max(1, this.tasks))
  }

  /** Bytes of facts that a task may have wait for a row: the rest is for what else is on its pages. */
  get waitingBytes(): number {
    return this.pageBytes / 2
  }
}

const atLeast = (bytes: number): number => Math.max(LEAST_BYTES, Math.floor(bytes))
