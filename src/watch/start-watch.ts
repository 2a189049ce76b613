/** A start that stands still. Kubernetes asks nothing but whether the start is done, so the service looks itself. */
import { setTimeout as sleep } from 'node:timers/promises'

export const LOOK_MS = 5000

/**
 * Looks where a start is until it is done, or stuck. Looks are counted and not the clock: of a process
 * that was suspended nothing is known.
 * @param where a text that changes while the start moves; undefined once it is done, or given up
 * @param patienceMs how long it may stand still
 * @param wait from one look to the next
 * @returns true: it is stuck
 */
export async function standsStill(
  where: () => string | undefined,
  patienceMs: number,
  wait: () => Promise<void> = () => sleep(LOOK_MS, undefined, { ref: false }),
): Promise<boolean> {
  let last = where()
  for (let same = 0; same * LOOK_MS < patienceMs; ) {
    await wait()
    const now = where()
    if (now === undefined) return false
    same = now === last ? same + 1 : 0
    last = now
  }
  return true
}
