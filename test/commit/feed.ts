import type { StreamRecord, StreamStep } from '../window/random-streams.ts'

/** The steps of a stream, side by side between two silences: only these keep the sides apart. */
export class Feed {
  readonly #steps: readonly StreamStep[]

  constructor(steps: readonly StreamStep[]) {
    this.#steps = steps
  }

  /** @param done the steps so far, in any order between two silences; @returns a side's next records, up to a silence */
  next(done: readonly StreamStep[], side: number, most: number): StreamRecord[] {
    const [begun, all] = [lastPart(done), this.#part(done.filter(isSilence).length)]
    const own = (step: StreamStep): step is StreamRecord => !isSilence(step) && step.side === side
    return all.filter(own).slice(begun.filter(own).length).slice(0, most)
  }

  isOver(done: readonly StreamStep[]): boolean {
    return done.length === this.#steps.length
  }

  /** What is between the silences of these numbers. */
  #part(silences: number): readonly StreamStep[] {
    const ends = this.#steps.flatMap((step, i) => (isSilence(step) ? i : []))
    return this.#steps.slice(silences === 0 ? 0 : ends[silences - 1], ends[silences])
  }
}

export const isSilence = (step: StreamStep): step is 'silence' => step === 'silence'
const lastPart = (steps: readonly StreamStep[]): readonly StreamStep[] =>
  steps.slice(steps.lastIndexOf('silence') + 1)

/** Records of each side. */
export function countsOf(steps: readonly StreamStep[]): [number, number] {
  const counts: [number, number] = [0, 0]
  for (const step of steps) if (!isSilence(step)) counts[step.side]++
  return counts
}

/** The smaller event time first, facts first where both are the same. */
export function merged(
  facts: readonly StreamRecord[],
  right: readonly StreamRecord[],
): StreamRecord[] {
  const [fact, other] = [facts[0], right[0]]
  if (fact === undefined || other === undefined) return [...facts, ...right]
  return other.time < fact.time
    ? [other, ...merged(facts, right.slice(1))]
    : [fact, ...merged(facts.slice(1), right)]
}
