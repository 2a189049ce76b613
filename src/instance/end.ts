/** The end of an instance, which takes seconds whether a broker answers or not. */
import type { Group } from '../broker/port.ts'
import type { Commits } from '../commit/commits.ts'
import type { Epochs } from '../commit/epochs.ts'
import type { Log } from '../events.ts'
import { atMost } from '../retry/at-most.ts'
import type { Tasks } from './tasks.ts'

export interface EndingParts {
  /** Resolves when no turn, commit or recovery is under way any more. */
  readonly settled: () => Promise<void>
  readonly commits: Pick<Commits, 'next'>
  readonly epochs: Pick<Epochs, 'end' | 'close'>
  readonly group: Pick<Group, 'close'>
  readonly tasks: Pick<Tasks, 'close'>
  readonly log: Log
}

/** How long the last commit is waited for. */
const LAST_COMMIT_MS = 1500
/** How long it then may take to be given up. */
const GIVEN_UP_MS = 1000
const ignored = (): void => {}

/**
 * Commits what was taken, leaves the group, and closes the stores, in this order. Nothing is taken any more.
 * @param forGood a static member leaves, too
 */
export async function endParts(parts: EndingParts, forGood: boolean): Promise<void> {
  const { settled, commits, epochs, group, tasks, log } = parts
  const committed = settled()
    .then(() => commits.next(true))
    .catch((error) => log.event('last_epoch_not_committed', { err: error }))
    .then(() => epochs.end().catch(ignored))
  await atMost(LAST_COMMIT_MS, committed)
  const storesClosed = async (): Promise<void> => {
    await epochs.close()
    // A commit that a silent broker still holds may have use of the stores: they stay as a crash leaves them.
    if (await atMost(GIVEN_UP_MS, committed)) await tasks.close()
  }
  const closed = [group.close(forGood), storesClosed()]
  await Promise.allSettled(closed)
  await Promise.all(closed)
}
