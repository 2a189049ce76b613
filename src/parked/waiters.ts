import { Deadlines } from './deadlines.ts'
import type { ParkedFact } from './parked-facts.ts'

/** The key of a row that is missing: which look-up looks for it, and its hash. */
export interface AwaitedKey {
  readonly lookUp: number
  readonly hash: number
}

/** A fact that waits, and what for. */
export interface Waiter {
  readonly fact: ParkedFact
  /** When it was parked, by the clock for durations, in ms. */
  readonly parkedAt: number
  /** It waits until stream time has passed this, in ms … */
  until: number
  /** … or, without input, the clock for durations. */
  untilElapsed: number
  keys: readonly AwaitedKey[]
  /** new: it has not been looked up since a restart. ready: a row has come that it waits for. */
  state: 'new' | 'waiting' | 'ready' | 'gone'
}

/** Beyond twice what waits, deadlines of what does not any more are thrown away. */
const LEAST_KEPT = 1024

/** The facts that wait, by what they wait for, and by when they give up. */
export class Waiters {
  /** In the order in which they were parked. */
  readonly #all = new Set<Waiter>()
  /** By look-up and hash. */
  readonly #byKey = new Map<number, Map<number, Set<Waiter>>>()
  readonly #byStreamTime = new Deadlines<Waiter>()
  readonly #byElapsed = new Deadlines<Waiter>()
  #ready: Waiter[] = []
  /** Those that had waited for long enough, and were not taken. */
  #due: Waiter[] = []
  /** How many have not been looked up since a restart. */
  #new = 0

  get size(): number {
    return this.#all.size
  }

  get oldest(): Waiter | undefined {
    const [first] = this.#all
    return first
  }

  get hasNew(): boolean {
    return this.#new > 0
  }

  get hasReady(): boolean {
    return this.#ready.length > 0
  }

  /** A fact has come back with a restart: it is to be looked up before anything is decided of it. */
  restored(waiter: Waiter): void {
    this.#all.add(waiter)
    this.#ready.push(waiter)
    this.#new++
  }

  /** A fact begins, or goes on, to wait for these keys. */
  wait(waiter: Waiter, keys: readonly AwaitedKey[], until: number, untilElapsed: number): void {
    this.#leave(waiter)
    this.#all.add(waiter)
    waiter.state = 'waiting'
    waiter.keys = keys
    // One that goes on to wait has its deadlines, and may be looked up again for each row of its key.
    if (waiter.until !== until || waiter.untilElapsed !== untilElapsed) {
      this.#due = this.#due.filter((one) => one !== waiter)
      waiter.until = until
      waiter.untilElapsed = untilElapsed
      this.#byStreamTime.add(until, waiter)
      this.#byElapsed.add(untilElapsed, waiter)
    }
    for (const { lookUp, hash } of keys) this.#setOf(lookUp, hash).add(waiter)
    this.#tidy()
  }

  /** It waits no more. */
  settle(waiter: Waiter): void {
    this.#leave(waiter)
    this.#all.delete(waiter)
    waiter.state = 'gone'
  }

  /** A row has come whose key has this hash. */
  arrived(lookUp: number, hash: number): void {
    for (const waiter of this.#byKey.get(lookUp)?.get(hash) ?? []) this.#wake(waiter)
  }

  /** So many rows have come that nobody knows which: all that wait for one of the look-up are to be looked up. */
  arrivedMany(lookUp: number): void {
    for (const waiters of this.#byKey.get(lookUp)?.values() ?? []) {
      for (const waiter of waiters) this.#wake(waiter)
    }
  }

  /** Takes some whose rows may be there; what becomes of them is said by `wait` or `settle`. */
  takeReady(most: number): Waiter[] {
    const some = this.#ready.splice(0, most)
    return some.filter(({ state }) => state === 'ready' || state === 'new')
  }

  /** Puts back what `takeReady` has given, and was not looked up. */
  putBackReady(some: readonly Waiter[]): void {
    this.#ready = [...some, ...this.#ready]
  }

  /** Puts back what `takeDue` has given. */
  putBackDue(some: readonly Waiter[]): void {
    this.#due = [...some, ...this.#due]
  }

  /** Whether some have waited for long enough: stream time has passed their time, or the clock for durations has. */
  isDue(streamTime: number, elapsed: number): boolean {
    this.#skipStale()
    return this.#due.length > 0 || this.#isPast(streamTime, elapsed)
  }

  /** The earliest stream time up to which one waits; of one that has not been looked up since a restart it is not known. */
  get firstUntil(): number {
    if (this.#new > 0) return Number.NEGATIVE_INFINITY
    this.#skipStale()
    return Math.min(this.#byStreamTime.first, ...this.#due.map(({ until }) => until))
  }

  /** Takes some of those. */
  takeDue(streamTime: number, elapsed: number, most: number): Waiter[] {
    const taken = this.#due.splice(0, most).filter(({ state }) => state !== 'gone')
    this.#skipStale()
    while (taken.length < most && this.#isPast(streamTime, elapsed)) {
      const from = this.#byStreamTime.first < streamTime ? this.#byStreamTime : this.#byElapsed
      const waiter = from.take()
      if (!taken.includes(waiter)) taken.push(waiter)
      this.#skipStale()
    }
    return taken
  }

  /** Some of all that wait, in the order in which they were parked. */
  first(most: number): Waiter[] {
    const taken: Waiter[] = []
    for (const waiter of this.#all) {
      if (taken.length === most) break
      taken.push(waiter)
    }
    return taken
  }

  #wake(waiter: Waiter): void {
    if (waiter.state !== 'waiting') return
    waiter.state = 'ready'
    this.#ready.push(waiter)
  }

  #isPast(streamTime: number, elapsed: number): boolean {
    return this.#byStreamTime.first < streamTime || this.#byElapsed.first <= elapsed
  }

  #leave(waiter: Waiter): void {
    if (waiter.state === 'new') this.#new--
    for (const { lookUp, hash } of waiter.keys) {
      const byHash = this.#byKey.get(lookUp)
      const waiters = byHash?.get(hash)
      waiters?.delete(waiter)
      if (waiters?.size === 0) byHash?.delete(hash)
    }
    waiter.keys = []
  }

  #setOf(lookUp: number, hash: number): Set<Waiter> {
    let byHash = this.#byKey.get(lookUp)
    if (byHash === undefined) {
      byHash = new Map()
      this.#byKey.set(lookUp, byHash)
    }
    let waiters = byHash.get(hash)
    if (waiters === undefined) {
      waiters = new Set()
      byHash.set(hash, waiters)
    }
    return waiters
  }

  /** Deadlines are not looked for where a fact is settled: what is stale goes when it is due, or here. */
  #tidy(): void {
    const most = 2 * this.#all.size + LEAST_KEPT
    if (this.#byStreamTime.size > most) this.#byStreamTime.keep(isOfStreamTime)
    if (this.#byElapsed.size > most) this.#byElapsed.keep(isOfElapsed)
  }

  #skipStale(): void {
    while (this.#due.length > 0 && this.#due[0].state === 'gone') this.#due.shift()
    const [byStreamTime, byElapsed] = [this.#byStreamTime, this.#byElapsed]
    while (byStreamTime.size > 0 && !isOfStreamTime(byStreamTime.thing, byStreamTime.first)) {
      byStreamTime.take()
    }
    while (byElapsed.size > 0 && !isOfElapsed(byElapsed.thing, byElapsed.first)) byElapsed.take()
  }
}

const isOfStreamTime = ({ state, until }: Waiter, time: number): boolean =>
  state !== 'gone' && until === time

const isOfElapsed = ({ state, untilElapsed }: Waiter, time: number): boolean =>
  state !== 'gone' && untilElapsed === time
