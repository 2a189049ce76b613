/**
 * What of a task's state is told beside the group's offsets, in the same commit: a changelog whose records were deleted cannot
 * say itself what it has had.
 */
export interface CommittedState {
  /** The first page that a restore needs; null: none. */
  readonly firstPage: number | null
  /** Facts that wait for a row. */
  readonly waiting: number
  /** In ms; null: no record was accepted so far. */
  readonly streamTime: number | null
}

export const committedStateText = ({ firstPage, waiting, streamTime }: CommittedState): string =>
  JSON.stringify({ firstPage, waiting, streamTime })

/** undefined: the offset was committed without state, by an earlier release, or by another tool. */
export function readCommittedState(text: string | undefined): CommittedState | undefined {
  if (text === undefined) return undefined
  try {
    const { firstPage, waiting, streamTime } = JSON.parse(text)
    const isOurs = [firstPage ?? 0, waiting, streamTime ?? 0].every(Number.isFinite)
    return isOurs ? { firstPage, waiting, streamTime } : undefined
  } catch {
    return undefined
  }
}
