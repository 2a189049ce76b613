import type { Group } from '../broker/port.ts'
import type { RunnableTask } from '../task/task.ts'
import type { Epochs } from './epochs.ts'

export interface CommitsOptions {
  readonly epochs: Pick<Epochs, 'commit'>
  readonly group: Group
  /** What the tasks have done that run now is the epoch. */
  readonly tasks: () => readonly RunnableTask[]
  /** A commit has not failed. @param isSome false: there was nothing to commit */
  readonly onCommitted: (isSome: boolean) => void
}

/**
 * The only one that has epochs committed: for the loop, before a join and at a stop. They go one after the other,
 * for the producer has one transaction, and a second commit would end the first one's before all of it is sent.
 */
export class Commits {
  readonly #options: CommitsOptions
  #running: Promise<void> | undefined

  constructor(options: CommitsOptions) {
    this.#options = options
  }

  /** One is under way. */
  get busy(): boolean {
    return this.#running !== undefined
  }

  /**
   * Commits, once what is under way has ended; fails where this commit does.
   * @param isLast no other may follow soon: at a stop, and before a join
   */
  async next(isLast: boolean): Promise<void> {
    // Not `idle`, which answers a moment later: of two who wait, the second has to see the first one's commit.
    while (this.#running !== undefined) await this.#running
    const commit = this.#commit(isLast)
    this.#running = commit.catch(ignored).finally(() => {
      this.#running = undefined
    })
    return commit
  }

  /** Resolves when the one that is under way has ended, however it does. */
  async idle(): Promise<void> {
    await this.#running
  }

  async #commit(isLast: boolean): Promise<void> {
    const { epochs, group, tasks, onCommitted } = this.#options
    onCommitted(await epochs.commit(tasks(), group, isLast))
  }
}

const ignored = (): void => {}
