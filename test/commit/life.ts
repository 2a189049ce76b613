/**
 * A process, as far as anybody outside can tell: each step that it takes there, a request, an answer, a write to its
 * disk, may be its last, or one that it stands still at. Between two of them it does nothing that anybody could see.
 */
export class Life {
  /** So many have been taken. */
  steps = 0
  #left = Number.POSITIVE_INFINITY
  #tell: () => void = () => {}
  #goOn: () => void = () => {}
  /** Resolves when it stands still. */
  #still = new Promise<void>(() => {})
  #pause = Promise.resolve()

  /** It takes so many more steps, and no other until `goOn`; one that is never told to has died. */
  stopAfter(steps: number): void {
    this.#left = steps
    this.#still = new Promise((resolve) => {
      this.#tell = resolve
    })
    this.#pause = new Promise((resolve) => {
      this.#goOn = resolve
    })
  }

  goOn(): void {
    this.#left = Number.POSITIVE_INFINITY
    this.#goOn()
  }

  async step(): Promise<void> {
    if (this.#left <= 0) {
      this.#tell()
      await this.#pause
    }
    this.#left--
    this.steps++
  }

  /** @returns whether it lives to the end of what it does, and then for longer; fails where that does */
  async outlives(work: Promise<unknown>): Promise<boolean> {
    const done = work.then(() => {
      this.goOn()
      return true
    })
    // What fails after its death is nobody’s matter.
    done.catch(() => {})
    return Promise.race([done, this.#still.then(() => false)])
  }
}
