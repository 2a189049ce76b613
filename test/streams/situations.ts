/** The situations of docs/joins.md's table of differences, each as a stream of few records. */
import { LEFT, type ModelTimes, RIGHT } from '../window/model.ts'
import { NOON, type RecordFault, type StreamRecord } from '../window/random-streams.ts'

export interface Situation {
  readonly name: string
  readonly times: ModelTimes
  readonly records: readonly StreamRecord[]
  /** Sorted rows: `left-right`, by the records' places in the stream, and the place of the one whose headers it has. */
  readonly theirs: readonly string[]
  /** With what comes once both inputs have been silent for long. */
  readonly ours: readonly string[]
}

type Given = Omit<StreamRecord, 'id'>

const given = (side: number, key: string, seconds: number, fault?: RecordFault): Given => ({
  side,
  key,
  time: NOON + seconds * 1000,
  fault,
  isRejected: fault !== undefined,
})
const fact = (key: string, seconds: number, fault?: RecordFault): Given =>
  given(LEFT, key, seconds, fault)
const right = (key: string, seconds: number, fault?: RecordFault): Given =>
  given(RIGHT, key, seconds, fault)

/** Seconds: before, after, grace. */
function situation(
  name: string,
  [kind, before, after, grace]: readonly [ModelTimes['kind'], number, number, number],
  records: readonly Given[],
  theirs: readonly string[],
  ours: readonly string[],
): Situation {
  // Ours have the fact's, or those of a right record without one.
  const withHeaders = ours.map((row) => `${row} ${row.split('-').find((id) => id !== '')}`)
  const times = { kind, beforeMs: before * 1000, afterMs: after * 1000, graceMs: grace * 1000 }
  return {
    name,
    times,
    records: records.map((one, id) => ({ ...one, id })),
    theirs,
    ours: withHeaders,
  }
}

const YEAR = 365 * 86_400
const HOUR = 3600

export const situations: readonly Situation[] = [
  situation(
    'a late record joins what is in their store',
    ['inner', 60, 60, 10],
    [right('a', 100), fact('z', 300), fact('a', 140)],
    ['2-0 2'],
    [],
  ),
  situation(
    'a record is let go by the time of its own side',
    ['inner', 60, 60, 10],
    [right('a', 100), fact('z', 235), fact('a', 110)],
    ['2-0 2'],
    [],
  ),
  situation(
    'a fact that has come out unmatched is joined as well',
    ['left', 10, 10, 5],
    [fact('a', 100), right('z', 116), right('a', 110)],
    ['0- 1', '0-2 2'],
    ['0-'],
  ),
  situation(
    'a fact comes out unmatched at once, and is joined within the grace',
    ['left', 10, 10, 50],
    [right('z', 130), fact('a', 100), right('a', 105)],
    ['1- 1', '1-2 2'],
    ['1-2'],
  ),
  situation(
    'an unmatched fact waits for before, as long as no fact comes',
    ['left', HOUR, 5, 10],
    [fact('a', 0), right('z', 20), right('z', 3610)],
    [],
    ['0-'],
  ),
  situation(
    'an unmatched fact that waits is joined after its window and grace',
    ['left', HOUR, 5, 10],
    [fact('a', 0), right('z', 20), right('a', 3)],
    ['0-2 2'],
    ['0-'],
  ),
  situation(
    'without grace, a pair as far apart as the window is wide is lost',
    ['inner', 0, 60, 0],
    [fact('a', 0), fact('z', 60), right('a', 60)],
    [],
    ['0-2'],
  ),
  situation(
    'without width and grace, nothing joins',
    ['inner', 0, 0, 0],
    [fact('a', 0), right('a', 0)],
    [],
    ['0-1'],
  ),
  situation(
    'a record without a value moves the time of the join',
    ['left', 10, 10, 5],
    [right('z', 1000, 'null_value'), fact('a', 100), right('a', 100)],
    ['1- 1', '1-2 2'],
    ['1-2'],
  ),
  situation(
    'a record far ahead of the clock moves stream time',
    ['left', 10, 10, 5],
    [right('z', YEAR, 'future_time'), fact('a', 100), right('a', 100)],
    ['1- 1', '1-2 2'],
    ['1-2'],
  ),
  situation(
    'a fact without a key comes out',
    ['left', 10, 10, 5],
    [fact('a', 100, 'null_key')],
    ['0- 0'],
    [],
  ),
  situation(
    'a right record that has come out unmatched is joined as well',
    ['outer', 10, 10, 5],
    [right('a', 100), fact('z', 116), fact('a', 110)],
    ['-0 1', '2-0 2'],
    ['-0', '1-', '2-'],
  ),
  situation(
    'a right record comes out unmatched at once, and is joined within the grace',
    ['outer', 10, 10, 50],
    [fact('z', 130), right('a', 100), fact('a', 105)],
    ['-1 1', '2-1 2'],
    ['0-', '2-1'],
  ),
  situation(
    'a right record without a key comes out',
    ['outer', 10, 10, 5],
    [right('a', 100, 'null_key')],
    ['-0 0'],
    [],
  ),
  situation(
    'an unmatched fact waits for the next record',
    ['left', 10, 10, 5],
    [fact('a', 100)],
    [],
    ['0-'],
  ),
  situation(
    'the same: a late fact of a left join comes out at once',
    ['left', 60, 60, 10],
    [right('z', 600), fact('a', 120)],
    ['1- 1'],
    ['1-'],
  ),
  situation(
    'the same: a late right record of a right join comes out at once',
    ['right', 60, 60, 10],
    [fact('z', 600), right('a', 120)],
    ['-1 1'],
    ['-1'],
  ),
  situation(
    'the same: records of both sides of an outer join come out once they have closed',
    ['outer', 10, 10, 5],
    [fact('a', 100), right('b', 100), fact('z', 200), right('z', 201)],
    ['-1 2', '0- 2', '2-3 3'],
    ['-1', '0-', '2-3'],
  ),
  situation(
    'the same: a right record joins while the window of its fact is open',
    ['left', 60, 60, 10],
    [fact('a', 120), right('z', 185), right('a', 60)],
    ['0-2 2'],
    ['0-2'],
  ),
  situation(
    'the same: both bounds of the window are inside, and duplicates give every pair',
    ['left', 10, 20, 5],
    [
      right('a', 90),
      fact('a', 100),
      fact('a', 100),
      right('a', 120),
      right('a', 89),
      right('a', 121),
    ],
    ['1-0 1', '2-0 2', '1-3 3', '2-3 3'],
    ['1-0', '2-0', '1-3', '2-3'],
  ),
]
