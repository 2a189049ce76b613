/**
 * Facts that wait for rows, as docs/joins.md words it, over plain maps: what the tasks have to agree with. Everything that
 * a step brings about has come about before the next one.
 */
import fc from 'fast-check'
import { NaiveVersions } from '../dimension/naive-versions.ts'

export type Then = 'null' | 'drop' | 'reject'

export interface WaitingDimension {
  readonly name: string
  /** The fact's field, or the column `next` of the first dimension. */
  readonly on: 'ka' | 'kb' | 'a.next'
  readonly missing: Then
  /** 0: facts do not wait for it. */
  readonly waitMs: number
  /** Whether a fact has the row of its time; else the one that is there now. */
  readonly isAsOf?: boolean
}

export interface WaitingFact {
  readonly id: string
  readonly ka: string | null
  readonly kb: string | null
  readonly time: number
}

export interface RowValue {
  readonly v: string
  readonly next: string | null
}

export type Step =
  | { readonly kind: 'facts'; readonly facts: readonly WaitingFact[] }
  | {
      readonly kind: 'row'
      readonly dimension: number
      readonly key: string
      value: RowValue | null
      /** From when on it is valid. */
      readonly time: number
    }
  /** Of the stream that facts are joined with, if any. */
  | { readonly kind: 'right'; readonly id: string; readonly n: number; readonly time: number }
  | { readonly kind: 'silence'; readonly ms: number }
  /** The epoch is committed, and the task begins anew from what is stored; what it keeps in memory from then on, in bytes. */
  | { readonly kind: 'restart'; readonly pageBytes: number }

export interface WaitingWorld {
  readonly dimensions: readonly WaitingDimension[]
  readonly steps: readonly Step[]
}

/** How a fact comes out: with the values of its rows, or as what it was given up. */
export type Outcome = readonly (string | null)[] | 'dropped' | 'rejected'

/** The join that facts go on to. */
export interface WaitingJoin {
  /** How far stream time may have passed a fact by before it is late, in ms. */
  readonly heldMs: number
  /** A fact has its rows, or is without. @param streamTime as of which it is taken */
  take(fact: WaitingFact, values: readonly (string | null)[], streamTime: number): void
  right(record: { readonly id: string; readonly n: number; readonly time: number }): void
  /** What stream time has passed by comes out. */
  moveTo(streamTime: number): void
}

interface Parked {
  readonly fact: WaitingFact
  readonly streamTime: number
  readonly wall: number
  /** What it has been found to lack when it was looked up last: rows, as dimension and key, and for how long it waits. */
  looked: Looked
}

interface Looked {
  readonly values: (string | null)[]
  /** Of the look-ups that lack a row and wait, the longest; 0: none does. */
  readonly waitMs: number
  readonly awaited: readonly string[]
  /** By the first look-up in turn that refuses the fact as it is. */
  readonly refused: 'drop' | 'reject' | null
}

export class NaiveWaiting {
  readonly outcomes = new Map<string, Outcome>()
  streamTime = Number.NEGATIVE_INFINITY
  waited = 0
  readonly #dimensions: readonly WaitingDimension[]
  /** Of dimensions that are looked up as of a time each with its time, the others' all at one. */
  readonly #rows: NaiveVersions[]
  readonly #join: WaitingJoin | undefined
  #parked: Parked[] = []
  #wall = 0

  constructor({ dimensions }: Pick<WaitingWorld, 'dimensions'>, join?: WaitingJoin) {
    this.#dimensions = dimensions
    this.#join = join
    this.#rows = dimensions.map(() => new NaiveVersions())
  }

  get parked(): number {
    return this.#parked.length
  }

  take(step: Step): void {
    if (step.kind === 'facts') {
      for (const fact of step.facts) {
        this.#fact(fact)
        this.#moveOn(step)
      }
    } else if (step.kind === 'silence') this.#wall += step.ms
    else if (step.kind === 'row') {
      const { dimension, key, value } = step
      const time = this.#dimensions[dimension].isAsOf ? step.time : 0
      const row = value && JSON.stringify(value)
      this.#rows[dimension].put({ key, time, partition: 0, row })
    } else if (step.kind === 'right') {
      this.#join!.right(step)
      this.streamTime = Math.max(this.streamTime, step.time)
    }
    this.#moveOn(step)
  }

  /** Facts whose time has come go on to the join before anything closes in it. */
  #moveOn(step: Step): void {
    this.#retake(step, false)
    this.#join?.moveTo(this.streamTime)
  }

  /** Nothing more comes. */
  end(): void {
    this.#retake(undefined, true)
  }

  #fact(fact: WaitingFact): void {
    const before = this.streamTime
    const isLate = before > this.#lateAfter(fact)
    const looked = this.#look(fact, !isLate)
    const waits = looked.refused === null && looked.waitMs > 0
    if (!waits) this.#comeOut(fact, looked, before)
    const isAccepted = looked.refused === null && !isLate
    if (isAccepted) this.streamTime = Math.max(before, fact.time)
    if (!waits) return
    this.#parked.push({ fact, streamTime: this.streamTime, wall: this.#wall, looked })
    this.waited++
  }

  #lateAfter({ time }: WaitingFact): number {
    return time + (this.#join?.heldMs ?? Number.POSITIVE_INFINITY)
  }

  /** A fact is looked up anew when a row comes that it waits for, after a restart, and when its time has come. */
  #retake(step: Step | undefined, isEnd: boolean): void {
    const before = this.#parked
    const done: { fact: WaitingFact; looked: Looked; at: number }[] = []
    this.#parked = []
    for (const parked of before) {
      const { fact } = parked
      const at = Math.min(this.streamTime, this.#until(parked))
      if (
        step?.kind === 'restart' ||
        (step?.kind === 'row' &&
          // Which of a key's versions a deletion ends is seen when they are looked up.
          (step.value !== null || this.#dimensions[step.dimension].isAsOf) &&
          parked.looked.awaited.includes(rowName(step)))
      ) {
        parked.looked = this.#look(fact, true)
      }
      const { looked } = parked
      if (looked.refused !== null || looked.waitMs === 0) done.push({ fact, looked, at })
      else if (isEnd || this.#isOver(parked)) {
        done.push({ fact, looked: this.#look(fact, false), at })
      } else this.#parked.push(parked)
    }
    // Each as of when its time had come.
    done.sort((a, b) => a.at - b.at)
    for (const { fact, looked, at } of done) this.#comeOut(fact, looked, at)
  }

  #isOver(parked: Parked): boolean {
    const { wall, looked } = parked
    return this.streamTime > this.#until(parked) || this.#wall >= wall + looked.waitMs
  }

  /** The last stream time at which it waits. */
  #until({ fact, streamTime, looked: { waitMs } }: Parked): number {
    return Math.min(streamTime + waitMs, this.#lateAfter(fact))
  }

  #comeOut(fact: WaitingFact, { refused, values }: Looked, at: number): void {
    const { id } = fact
    if (this.outcomes.has(id)) throw new Error(`${id} comes out twice`)
    const outcome = refused === 'drop' ? 'dropped' : refused === 'reject' ? 'rejected' : values
    this.outcomes.set(id, outcome)
    if (refused === null) this.#join?.take(fact, values, at)
  }

  /** The first two dimensions, which others may hang on, come first. */
  #look(fact: WaitingFact, isPatient: boolean): Looked {
    const rows: (RowValue | undefined)[] = []
    const waits: boolean[] = []
    const awaited: string[] = []
    let waitMs = 0
    let refused: Looked['refused'] = null
    for (const [d, dimension] of this.#dimensions.entries()) {
      const hangs = dimension.on === 'a.next'
      const key = hangs ? (rows[0]?.next ?? null) : fact[dimension.on as 'ka' | 'kb']
      rows[d] = key === null ? undefined : this.#rowOf(d, key, fact.time)
      const isHeld = hangs && rows[0] === undefined && waits[0]
      waits[d] =
        isPatient && rows[d] === undefined && (isHeld || (key !== null && dimension.waitMs > 0))
      if (waits[d] && !isHeld) {
        waitMs = Math.max(waitMs, dimension.waitMs)
        awaited.push(`${d} ${key}`)
      }
      if (rows[d] !== undefined || waits[d] || dimension.missing === 'null') continue
      refused ??= dimension.missing
    }
    return { values: rows.map((row) => row?.v ?? null), waitMs, awaited, refused }
  }

  #rowOf(d: number, key: string, time: number): RowValue | undefined {
    const row = this.#rows[d].rowAt(key, this.#dimensions[d].isAsOf ? time : 0)
    return row === null ? undefined : JSON.parse(row)
  }
}

const rowName = ({ dimension, key: of }: { dimension: number; key: string }): string =>
  `${dimension} ${of}`

const then = fc.constantFrom<Then>('null', 'drop', 'reject')
const wait = fc.constantFrom(0, 5, 20, 60)
const key = fc.constantFrom('x', 'y', 'z')
const maybe = fc.option(key, { freq: 6 })

const dimensions: fc.Arbitrary<WaitingDimension[]> = fc
  .tuple(
    fc.array(fc.record({ missing: then, waitMs: wait, isAsOf: fc.boolean() }), {
      minLength: 3,
      maxLength: 3,
    }),
  )
  .map(([all]) => {
    const ons = ['ka', 'kb', 'a.next'] as const
    const named = all.map((one, d) => ({ name: 'abc'[d], on: ons[d], ...one }))
    // At least one waits.
    return named.some(({ waitMs }) => waitMs > 0)
      ? named
      : named.map((one) => ({ ...one, waitMs: 5 }))
  })

const fact = fc.record({ ka: maybe, kb: maybe, step: fc.integer({ min: -6, max: 8 }) })

type Drawn =
  | { kind: 'right'; of: number; step: number }
  | { kind: 'facts'; facts: { ka: string | null; kb: string | null; step: number }[] }
  | {
      kind: 'row'
      dimension: number
      key: string
      next: string | null
      isDeletion: boolean
      back: number
    }
  | { kind: 'silence'; ms: number }
  | { kind: 'restart'; pageBytes: number }

const drawn: fc.Arbitrary<Drawn> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('facts' as const),
      facts: fc.array(fact, { minLength: 1, maxLength: 4 }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('row' as const),
      dimension: fc.nat(2),
      key,
      next: maybe,
      isDeletion: fc.nat(3).map((n) => n === 0),
      back: fc.nat(20),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('silence' as const), ms: fc.nat(15) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('restart' as const),
      pageBytes: fc.constantFrom(0, 1 << 20),
    }),
  },
)

const right: fc.Arbitrary<Drawn> = fc.record({
  kind: fc.constant('right' as const),
  of: fc.nat(6),
  step: fc.integer({ min: -6, max: 8 }),
})

/** Worlds whose event times move on from `start`, some of them back. */
export const waitingWorlds = (start: number, joins = false): fc.Arbitrary<WaitingWorld> =>
  fc
    .record({
      dimensions,
      list: fc.array(joins ? fc.oneof({ weight: 2, arbitrary: drawn }, right) : drawn, {
        minLength: 1,
        maxLength: 40,
        size: 'max',
      }),
    })
    .map(({ dimensions: all, list }) => {
      let time = start
      let facts = 0
      let values = 0
      const steps = list.map((one): Step => {
        if (one.kind === 'facts') {
          const some = one.facts.map(({ ka, kb, step }) => {
            time += step
            return { id: `f${facts++}`, ka, kb, time }
          })
          return { kind: 'facts', facts: some }
        }
        if (one.kind === 'right') {
          time += one.step
          // Of one of the last facts, or of one of the next.
          return { kind: 'right', id: `f${Math.max(0, facts + 2 - one.of)}`, n: values++, time }
        }
        if (one.kind !== 'row') return one
        const { dimension, key: of, next, isDeletion, back } = one
        const value = isDeletion ? null : { v: `v${values++}`, next }
        return { kind: 'row', dimension, key: of, value, time: time + 5 - back }
      })
      return { dimensions: all, steps }
    })
