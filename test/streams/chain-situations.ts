/** The situations of chains of docs/joins.md's table of differences, each as a stream of few records. */
const LEFT = 0
/** The right stream of the second join. */
const B = 2

export interface ChainSituation {
  readonly name: string
  /** Seconds: before, after, grace. */
  readonly joins: readonly (readonly [kind: 'inner' | 'left', number, number, number])[]
  /** Which stream, key, seconds. */
  readonly records: readonly (readonly [source: number, key: string, number])[]
  /** Sorted rows, by the records' places in the stream. */
  readonly theirs: readonly string[]
  /** With what comes once all inputs have been silent for long. */
  readonly ours: readonly string[]
}

export const chainSituations: readonly ChainSituation[] = [
  {
    name: 'a fact without a match comes to the next join behind that one’s stream time',
    joins: [
      ['left', 10, 10, 5],
      ['left', 1, 1, 1],
    ],
    records: [
      [LEFT, 'k', 100],
      [B, 'k', 100],
      [B, 'z', 116],
      [LEFT, 'z', 117],
    ],
    theirs: ['0--'],
    ours: ['0--1', '3--2'],
  },
]
