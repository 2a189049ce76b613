/** The wait for what may never end. */
import { setTimeout as sleep } from 'node:timers/promises'

/** Waits for the work, but no longer than this; fails where it does. @returns whether it has ended */
export async function atMost(milliseconds: number, work: Promise<unknown>): Promise<boolean> {
  const over = new AbortController()
  const late = sleep(milliseconds, false, { ref: false, signal: over.signal })
  const ended = work.then(() => true)
  late.catch(() => {})
  try {
    return await Promise.race([ended, late])
  } finally {
    over.abort()
  }
}
