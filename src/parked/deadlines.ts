/** Things by a time, the earliest first: a binary heap (Williams 1964). */
export class Deadlines<T> {
  #times: number[] = []
  #things: T[] = []

  get size(): number {
    return this.#times.length
  }

  /** The earliest time; infinite: there is none. */
  get first(): number {
    return this.#times.length === 0 ? Number.POSITIVE_INFINITY : this.#times[0]
  }

  /** What has it; there has to be one. */
  get thing(): T {
    return this.#things[0]
  }

  add(time: number, thing: T): void {
    const times = this.#times
    let at = times.length
    times.push(time)
    this.#things.push(thing)
    while (at > 0) {
      const parent = (at - 1) >> 1
      if (times[parent] <= times[at]) return
      this.#swap(at, parent)
      at = parent
    }
  }

  /** Takes the one with the earliest time, which has to be there. */
  take(): T {
    const last = this.#times.length - 1
    this.#swap(0, last)
    this.#times.pop()
    const taken = this.#things.pop()!
    this.#sink(last)
    return taken
  }

  /** Only these stay. */
  keep(isKept: (thing: T, time: number) => boolean): void {
    const [times, things] = [this.#times, this.#things]
    this.#times = []
    this.#things = []
    for (const [i, thing] of things.entries()) {
      if (isKept(thing, times[i])) this.add(times[i], thing)
    }
  }

  #sink(length: number): void {
    const times = this.#times
    for (let at = 0; ; ) {
      let least = at
      for (const child of [2 * at + 1, 2 * at + 2]) {
        if (child < length && times[child] < times[least]) least = child
      }
      if (least === at) return
      this.#swap(at, least)
      at = least
    }
  }

  #swap(a: number, b: number): void {
    const [times, things] = [this.#times, this.#things]
    ;[times[a], times[b]] = [times[b], times[a]]
    ;[things[a], things[b]] = [things[b], things[a]]
  }
}
