/** The one loop that does again what has failed. Whoever uses it says in a policy what is worth it, and for how long. */
import { setTimeout as sleep } from 'node:timers/promises'

export interface RetryPolicy {
  /** The milliseconds to wait after a failure. @param failures how many there were before it */
  readonly wait: (failures: number, error: unknown) => number
  /** Whether another attempt may go well. An error of another kind is thrown at once. */
  readonly isCurable: (error: unknown) => boolean
  /** A moment by performance.now(): a failure that comes after it is thrown. */
  readonly deadline?: number
  /** It is told of each failure that is not thrown, and that an attempt has gone well. */
  readonly outage?: { failed(error: unknown): void; over(): void } | undefined
  /** Prepares the next attempt, after the wait. What it throws is thrown. */
  readonly prepare?: (error: unknown) => Promise<void>
}

/** A wait that doubles with each failure, from the first to the longest. */
export function doubling(firstMs: number, longestMs: number): RetryPolicy['wait'] {
  return (failures) => Math.min(firstMs * 2 ** failures, longestMs)
}

/**
 * Attempts until it goes well. Throws the last attempt's error where the policy or the signal ends it; nothing is
 * attempted where the signal is aborted already.
 */
export async function retry<T>(
  attempt: () => Promise<T>,
  { wait, isCurable, deadline = Number.POSITIVE_INFINITY, outage, prepare }: RetryPolicy,
  signal: AbortSignal,
): Promise<T> {
  signal.throwIfAborted()
  for (let failures = 0; ; failures++) {
    try {
      const answer = await attempt()
      outage?.over()
      return answer
    } catch (error) {
      if (signal.aborted || performance.now() > deadline || !isCurable(error)) throw error
      outage?.failed(error)
      await pause(wait(failures, error), signal)
      if (signal.aborted) throw error
      await prepare?.(error)
    }
  }
}

/** Resolves after the time, or as soon as the signal is aborted. */
export async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  await sleep(milliseconds, undefined, { signal }).catch(() => {})
}
