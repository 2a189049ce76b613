/** Random joins and streams of records, for the model and whatever is compared with it. */
import fc from 'fast-check'
import {
  comesOutAlone,
  JOIN_KINDS,
  type JoinKind,
  type SideName,
} from '../../src/config/join-kind.ts'
import type { LatePolicy, ModelRecord, ModelTimes } from './model.ts'

/** What else may be wrong with a record. */
export const faults = [
  'null_key',
  'null_value',
  'malformed',
  'key_mismatch',
  'null_field',
  'null_time',
  'future_time',
  'missing_dimension',
] as const
export type RecordFault = (typeof faults)[number]

export interface StreamRecord extends ModelRecord {
  readonly fault: RecordFault | undefined
}

/** A record, or a silence in which everything that is open closes. */
export type StreamStep = StreamRecord | 'silence'

export interface StreamOptions {
  /** Whether records come behind stream time, too. */
  readonly late: boolean
  /** Faults that are among the records; empty: none. */
  readonly faults: readonly RecordFault[]
  readonly silences: boolean
  /** In units. */
  readonly grace: { readonly min: number; readonly max: number }
  readonly maxLength: number
}

export const NOON = Date.parse('2025-01-01T12:00:00Z')

/** Of the same length in both directions, or not; often none, so that both bounds are met often. */
const units = fc.oneof(
  { weight: 1, arbitrary: fc.constant(0) },
  { weight: 4, arbitrary: fc.nat(8) },
)

/** Below, at and above what the window's slices and segments are made of. */
const unitMs = fc.constantFrom(1, 7, 300, 10_000)

function joins(unit: number, bounds: StreamOptions['grace']): fc.Arbitrary<ModelTimes> {
  const lateness = (...policies: LatePolicy[]) => fc.constantFrom(...policies)
  const late = fc.record({
    left: lateness('emit', 'drop', 'reject'),
    right: lateness('emit', 'drop', 'reject'),
  })
  return fc
    .record({
      before: units,
      after: units,
      grace: fc.integer(bounds),
      isSame: fc.boolean(),
      kind: fc.constantFrom(...JOIN_KINDS),
      late: fc.option(late),
    })
    .map(({ before, after, grace, isSame, kind, late }) => ({
      beforeMs: (isSame ? after : before) * unit,
      afterMs: after * unit,
      graceMs: grace * unit,
      kind,
      ...(late && { late: [policyOf('left', kind, late), policyOf('right', kind, late)] as const }),
    }))
}

/** Only records that come out without a match do so when they are late. */
const policyOf = (
  side: SideName,
  kind: JoinKind,
  late: Readonly<Record<SideName, LatePolicy>>,
): LatePolicy => (late[side] === 'emit' && !comesOutAlone(kind, side) ? 'drop' : late[side])

/** How far stream time is from where it may be after a silence. */
const SILENCE_UNITS = 40

interface RandomStep {
  readonly side: number
  readonly gap: number
  readonly back: number
  readonly key: string
  readonly fault: RecordFault | undefined
  readonly ahead: number
  readonly silence: boolean
}

function steps(options: StreamOptions): fc.Arbitrary<RandomStep> {
  const never = fc.constant(0)
  const none = fc.constant(undefined)
  return fc.record({
    side: fc.constantFrom(0, 1),
    gap: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, { weight: 1, arbitrary: fc.nat(12) }),
    back: options.late ? fc.oneof(never, fc.nat(8), fc.nat(30)) : never,
    key: fc.constantFrom('a', 'a', 'b', 'c'),
    fault:
      options.faults.length === 0
        ? none
        : fc.oneof(
            { weight: 5, arbitrary: none },
            { weight: 1, arbitrary: fc.constantFrom(...options.faults) },
          ),
    ahead: fc.nat(60),
    silence: options.silences ? fc.nat(12).map((n) => n === 12) : fc.constant(false),
  })
}

export interface RandomStream {
  readonly times: ModelTimes
  readonly steps: readonly StreamStep[]
}

export function randomStreams(options: StreamOptions): fc.Arbitrary<RandomStream> {
  const { maxLength, grace } = options
  return unitMs.chain((unit) =>
    fc.record({
      times: joins(unit, grace),
      steps: fc
        .array(steps(options), { maxLength, size: 'max' })
        .map((list) => streamOf(list, unit)),
    }),
  )
}

function streamOf(list: readonly RandomStep[], unit: number): StreamStep[] {
  let base = NOON
  return list.flatMap(({ silence, ...step }, id): StreamStep[] => {
    base += step.gap * unit
    // Where a silence moves stream time to is known to a slice only: what comes then is well behind that.
    if (silence) base += SILENCE_UNITS * unit + 2000
    const record = recordOf(step, id, base, unit)
    return silence ? ['silence', record] : [record]
  })
}

function recordOf(
  step: Omit<RandomStep, 'silence'>,
  id: number,
  base: number,
  unit: number,
): StreamRecord {
  const { side, key, back } = step
  const fault = step.fault === 'missing_dimension' && side === 1 ? 'malformed' : step.fault
  // What is wrong may be far ahead of the others: it moves nothing.
  const time = fault === undefined ? base - back * unit : base + step.ahead * unit
  return { side, key, id, time, fault, isRejected: fault !== undefined }
}
