/** What was expected of a case and what came: the difference, in lines. */
import { isDeepStrictEqual } from 'node:util'
import { timeText } from '../../output/time-text.ts'
import type { Expected, ExpectedFault, ExpectedOutput } from './fixture.ts'
import type { Effects, Fault, Output } from './simulation.ts'

/** What is different, and how it should be. */
export interface Difference {
  readonly what: string
  readonly expected: string
  readonly got: string
}

/** All differences; where there are none the case has passed. The order of records does not count. */
export function compare(expected: Expected, got: Effects): Difference[] {
  return [
    ...compareOutputs('output', expected.outputs, got.outputs),
    ...compareOutputs('unmatched', expected.unmatched, got.unmatched),
    ...compareFaults('reject', expected.rejects, got.rejects),
    ...compareFaults('drop', expected.drops, got.drops),
  ]
}

function compareOutputs(
  kind: string,
  expected: readonly ExpectedOutput[],
  got: readonly Output[],
): Difference[] {
  // Each takes a record that fits it: those that say most choose first, so that vague ones do not take theirs.
  const wanted = [...expected].sort((a, b) => weight(b) - weight(a))
  const { missing, left } = pair(
    wanted,
    got,
    (one, other) => one.to === other.to && differences(one, other).length === 0,
  )
  // Of what is left, records of one key are taken to be meant by one another, and compared field by field.
  const same = pair(
    missing,
    left,
    ({ to, key }, other) => to === other.to && (key === undefined || key === other.key),
  )
  return [
    ...same.pairs.flatMap(([one, other]) =>
      differences(one, other).map((difference) => ({
        ...difference,
        what: `${named(kind, other)}: ${difference.what}`,
      })),
    ),
    ...same.missing.map((one) => ({
      what: named(kind, one),
      expected: JSON.stringify(one.value),
      got: 'nothing',
    })),
    ...same.left.map((other) => ({
      what: named(kind, other),
      expected: 'nothing',
      got: JSON.stringify(other.value),
    })),
  ]
}

const named = (kind: string, { to, key }: Pick<ExpectedOutput, 'to' | 'key'>): string =>
  `${kind}${to === 'output' ? '' : ` to ${to}`} ${key ?? ''}`.trim()

/** How much an expected record says: one that has the whole value says most. */
const weight = ({ key, timestamp, headers, value, partial }: ExpectedOutput): number =>
  Object.keys(value).length * (partial ? 1 : 1000) +
  [key, timestamp, headers].filter((part) => part !== undefined).length

/** What is different between two records, field by field. */
function differences(expected: ExpectedOutput, got: Output): Difference[] {
  const found: Difference[] = []
  const look = (what: string, one: unknown, other: unknown): void => {
    if (isDeepStrictEqual(one, other)) return
    found.push({ what, expected: text(one), got: text(other) })
  }
  if (expected.key !== undefined) look('key', expected.key, got.key)
  if (expected.timestamp !== undefined) {
    const [one, other] = [expected.timestamp, got.timestamp].map(timeText)
    look('timestamp', one, other)
  }
  if (expected.headers !== undefined) look('headers', expected.headers, { ...got.headers })
  for (const [name, value] of Object.entries(expected.value)) look(name, value, got.value[name])
  return found
}

const text = (value: unknown): string => JSON.stringify(value) ?? 'nothing'

function compareFaults(
  kind: string,
  expected: readonly ExpectedFault[],
  got: readonly Fault[],
): Difference[] {
  const wanted = [...expected].sort(
    (a, b) => Number(b.key !== undefined) - Number(a.key !== undefined),
  )
  const { missing, left } = pair(
    wanted,
    got,
    ({ from, key, reason }, other) =>
      from === other.from && reason === other.reason && (key === undefined || key === other.key),
  )
  const same = pair(missing, left, (one, other) => one.from === other.from && one.key === other.key)
  const what = ({ from, key }: ExpectedFault): string => `${kind} of ${from} ${key ?? ''}`.trim()
  const why = ({ reason, error }: Fault): string => (error === '' ? reason : `${reason}: ${error}`)
  return [
    ...same.pairs.map(([one, other]) => ({
      what: what(other),
      expected: one.reason,
      got: why(other),
    })),
    ...same.missing.map((one) => ({ what: what(one), expected: one.reason, got: 'nothing' })),
    ...same.left.map((other) => ({ what: what(other), expected: 'nothing', got: why(other) })),
  ]
}

/** Each of `expected` takes the first of `got` that is `alike` and not yet taken. */
function pair<A, B>(
  expected: readonly A[],
  got: readonly B[],
  alike: (one: A, other: B) => boolean,
): { pairs: [A, B][]; missing: A[]; left: B[] } {
  const left = [...got]
  const pairs: [A, B][] = []
  const missing: A[] = []
  for (const one of expected) {
    const at = left.findIndex((other) => alike(one, other))
    if (at < 0) missing.push(one)
    else pairs.push([one, ...left.splice(at, 1)] as [A, B])
  }
  return { pairs, missing, left }
}
