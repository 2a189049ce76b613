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
  /** The last lag that was known of each task, by number; lists are by source of its stage. */
  readonly #known = new Map<number, readonly (KnownLag | undefined)[]>()

  /** Keeps the lag of a task that is ours; of an input whose lag is not known, the one before stays. */
  keep(task: number, queues: readonly InputQueue[], now = Date.now()): void {
    const before = this.#known.get(task)
    const known = queues.map((queue, side): KnownLag | undefined => {
      const lag = lagOf(queue, now)
      return lag === undefined ? before?.[side] : { records: lag.records, since: now - lag.ms }
    })
    this.#known.set(task, known)
  }

  /** Only these are ours any more. */
  retain(tasks: readonly number[]): void {
    for (const task of this.#known.keys()) {
      if (!tasks.includes(task)) this.#known.delete(task)
    }
  }

  get tasks(): number[] {
    return [...this.#known.keys()]
  }

  /** What is not taken gets older. */
  of(task: number, side: number, now: number): Lag | undefined {
    const known = this.#known.get(task)?.[side]
    if (known === undefined) return undefined
    const { records, since } = known
    return { records, ms: records === 0 ? 0 : Math.max(0, now - since) }
  }
}
