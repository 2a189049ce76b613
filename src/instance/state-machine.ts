/** For each state, those that may come next. */
export type Steps<S extends string> = Readonly<Record<S, readonly S[]>>

/** One state at a time, which changes by the steps of a table only. */
export class StateMachine<S extends string> {
  readonly #what: string
  readonly #steps: Steps<S>
  #state: S

  /** @param what has these states, for the error of a step that there is not */
  constructor(what: string, steps: Steps<S>, first: S) {
    this.#what = what
    this.#steps = steps
    this.#state = first
  }

  get state(): S {
    return this.#state
  }

  to(next: S): void {
    if (!this.#steps[this.#state].includes(next)) {
      throw new Error(`${this.#what} may not go from ${this.#state} to ${next}`)
    }
    this.#state = next
  }
}
