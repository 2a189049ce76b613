/**
 * A chain of joins as docs/joins.md words it, over every record that has come so far: what tasks with several joins have to agree
 * with. S is stream time; join k judges by S_k = S − D_k. What has closed without a match comes out with the others of its
 * slice of time, join by join, right behind the record that has moved stream time so far.
 */
import { comesOutAlone, type JoinKind } from '../../src/config/join-kind.ts'
import type { LatePolicy } from '../window/model.ts'

const LEFT = 0
const RIGHT = 1

export interface ChainJoin {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  readonly kind: JoinKind
  readonly late: readonly [LatePolicy, LatePolicy]
  /** Of what closes together, in ms. */
  readonly sliceMs: number
}

export interface ChainRecord {
  /** 0: a fact; k: a right record of the k-th join. */
  readonly source: number
  readonly time: number
  readonly key: string
  readonly id: number
}

interface Row {
  /** By source. */
  readonly ids: readonly (number | undefined)[]
  readonly key: string
  readonly time: number
}

interface Entry {
  readonly row: Row
  readonly side: number
  isMatched: boolean
  isOut: boolean
}

class Window {
  readonly entries: Entry[] = []
  /** By side: everything older has come out, in slices. */
  readonly closedBefore = [Number.NEGATIVE_INFINITY, Number.NEGATIVE_INFINITY]
  readonly join: ChainJoin
  readonly delayMs: number
  readonly heldMs: number
  /** By side: how long a record is open. */
  readonly openMs: readonly number[]

  constructor(join: ChainJoin, delayMs: number) {
    const { beforeMs, afterMs, graceMs } = join
    this.join = join
    this.delayMs = delayMs
    this.heldMs = beforeMs + afterMs + graceMs
    this.openMs = [afterMs + graceMs, beforeMs + graceMs]
  }

  comesOut(side: number): boolean {
    return comesOutAlone(this.join.kind, side === LEFT ? 'left' : 'right')
  }
}

export class ChainModel {
  readonly rows: Row[] = []
  dropped = 0
  rejected = 0
  closedMatches = 0
  #streamTime = Number.NEGATIVE_INFINITY
  readonly #windows: Window[] = []

  constructor(joins: readonly ChainJoin[]) {
    let delayMs = 0
    for (const join of joins) {
      const window = new Window(join, delayMs)
      this.#windows.push(window)
      delayMs += window.heldMs
    }
  }

  take({ source, time, key, id }: ChainRecord): void {
    const k = Math.max(0, source - 1)
    const side = source === 0 ? LEFT : RIGHT
    const ids: (number | undefined)[] = []
    ids[source] = id
    const row = { ids, key, time }
    const streamTime = this.#streamTime - this.#windows[k].delayMs
    if (this.#isLate(k, row, streamTime)) {
      if (!this.#takeLate(k, side, row)) return
    } else this.#put(k, side, row, streamTime)
    this.moveTo(time)
  }

  /** Stream time moves forward, and what has closed comes out. */
  moveTo(time: number): void {
    this.#streamTime = Math.max(this.#streamTime, time)
    let settled = this.#streamTime
    for (const [k, window] of this.#windows.entries()) {
      let next = settled - window.heldMs
      for (const side of [LEFT, RIGHT]) {
        if (!window.comesOut(side)) continue
        this.#close(k, side, settled - window.openMs[side])
        const reachMs = window.heldMs - window.openMs[side]
        next = Math.min(next, window.closedBefore[side] - reachMs)
      }
      settled = next
    }
  }

  /** Nothing comes for so long that everything closes; stream time moves as far as that needs. */
  closeAll(): void {
    for (let time = this.#openUntil(); time > this.#streamTime; time = this.#openUntil()) {
      this.moveTo(time)
    }
  }

  #openUntil(): number {
    let until = Number.NEGATIVE_INFINITY
    let slicesMs = 0
    for (const { entries, openMs, delayMs, join } of this.#windows) {
      slicesMs += join.sliceMs
      for (const { row, side, isMatched, isOut } of entries) {
        if (isMatched || isOut || !comesOutAlone(join.kind, side === LEFT ? 'left' : 'right'))
          continue
        until = Math.max(until, row.time + openMs[side] + delayMs + slicesMs)
      }
    }
    return until
  }

  #close(k: number, side: number, time: number): void {
    const { entries, closedBefore, openMs, heldMs, join } = this.#windows[k]
    const due = Math.floor(time / join.sliceMs) * join.sliceMs
    closedBefore[side] = Math.max(closedBefore[side], due)
    for (const entry of entries) {
      const { row, isMatched, isOut } = entry
      if (entry.side !== side || isMatched || isOut || row.time >= closedBefore[side]) continue
      entry.isOut = true
      this.#give(k, row, row.time + openMs[side] - heldMs)
    }
  }

  #put(k: number, side: number, row: Row, streamTime: number): void {
    const window = this.#windows[k]
    const own: Entry = { row, side, isMatched: false, isOut: false }
    for (const other of [...window.entries]) {
      if (other.side === side || other.row.key !== row.key) continue
      const [left, right] = side === LEFT ? [row, other.row] : [other.row, row]
      const { beforeMs, afterMs } = window.join
      if (right.time < left.time - beforeMs || right.time > left.time + afterMs) continue
      if (this.#isLate(k, other.row, streamTime)) continue
      const isClosed = streamTime > other.row.time + window.openMs[other.side]
      if (window.comesOut(other.side) && isClosed && !other.isMatched) {
        this.closedMatches++
        continue
      }
      own.isMatched = true
      other.isMatched = true
      const ids = [...left.ids]
      for (const [source, id] of right.ids.entries()) if (id !== undefined) ids[source] = id
      const time = Math.max(left.time, right.time)
      this.#give(k, { ids, key: row.key, time }, streamTime - window.heldMs)
    }
    window.entries.push(own)
  }

  /** @param streamTime of the next join */
  #give(k: number, row: Row, streamTime: number): void {
    if (k + 1 === this.#windows.length) this.rows.push(row)
    else {
      if (this.#isLate(k + 1, row, streamTime)) throw new Error('What is given in time is not late')
      this.#put(k + 1, LEFT, row, streamTime)
    }
  }

  /** @returns whether it has come out */
  #takeLate(k: number, side: number, row: Row): boolean {
    const policy = this.#windows[k].join.late[side]
    if (policy === 'drop') this.dropped++
    if (policy === 'reject') this.rejected++
    if (policy !== 'emit') return false
    if (k + 1 === this.#windows.length) {
      this.rows.push(row)
      return true
    }
    const streamTime = this.#streamTime - this.#windows[k + 1].delayMs
    if (this.#isLate(k + 1, row, streamTime)) this.#takeLate(k + 1, LEFT, row)
    else this.#put(k + 1, LEFT, row, streamTime)
    return true
  }

  #isLate(k: number, { time }: Row, streamTime: number): boolean {
    return streamTime > time + this.#windows[k].heldMs
  }
}

/** `fact-right-right`, with nothing in the place of what is missing. */
export const chainText = ({ ids }: Row, sources: number): string =>
  Array.from({ length: sources }, (_, source) => ids[source] ?? '').join('-')
