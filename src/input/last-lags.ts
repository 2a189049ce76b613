import type { InputQueue } from './input-queue.ts'

export interface Lag {
  readonly records: number
  readonly ms: number
}

interface KnownLag {
  readonly records: number
  /** When the oldest record that waits was written (Unix ms); of none: when it was last looked. */
  readonly since: number
}

/** Whether, and how far, an input lags; undefined while that is not known. */
export const lagOf = (queue: InputQueue, now: number): Lag | undefined =>
  queue.lagKnown ? { records: queue.lag, ms: queue.lagMs(now) } : undefined

/**
 * What the lag was as a task was given up that is to be taken here again. An instance whose epochs fail
 * takes its tasks anew each time: without this it would have no lag for most of the time, and look idle.
 */
export class LastLags {
  /** The last lag that was known of each partition; lists are by side. */
  readonly #known = new Map<number, readonly (KnownLag | undefined)[]>()

  /** Keeps the lag of a partition that is ours; of an input whose lag is not known, the one before stays. */
  keep(partition: number, queues: readonly InputQueue[], now = Date.now()): void {
    const before = this.#known.get(partition)
    const known = queues.map((queue, side): KnownLag | undefined => {
      const lag = lagOf(queue, now)
      return lag === undefined ? before?.[side] : { records: lag.records, since: now - lag.ms }
    })
    this.#known.set(partition, known)
  }

  /** Only these are ours any more. */
  retain(partitions: readonly number[]): void {
    for (const partition of this.#known.keys()) {
      if (!partitions.includes(partition)) this.#known.delete(partition)
    }
  }

  get partitions(): number[] {
    return [...this.#known.keys()]
  }

  /** What is not taken gets older. */
  of(partition: number, side: number, now: number): Lag | undefined {
    const known = this.#known.get(partition)?.[side]
    if (known === undefined) return undefined
    const { records, since } = known
    return { records, ms: records === 0 ? 0 : Math.max(0, now - since) }
  }
}
