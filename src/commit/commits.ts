/**
 * Commits one after the other: the producer has one transaction, and a second commit would end the first one's
 * before all of it is sent.
 */
export class Commits {
  readonly #commit: () => Promise<void>
  #running: Promise<void> | undefined

  constructor(commit: () => Promise<void>) {
    this.#commit = commit
  }

  /** One is under way. */
  get busy(): boolean {
    return this.#running !== undefined
  }

  /** Commits, once what is under way has ended; fails where this commit does. */
  async next(): Promise<void> {
    // Not `idle`, which answers a moment later: of two who wait, the second has to see the first one's commit.
    while (this.#running !== undefined) await this.#running
    const commit = this.#commit()
    this.#running = commit.catch(ignored).finally(() => {
      this.#running = undefined
    })
    return commit
  }

  /** Resolves when the one that is under way has ended, however it does. */
  async idle(): Promise<void> {
    await this.#running
  }
}

const ignored = (): void => {}
