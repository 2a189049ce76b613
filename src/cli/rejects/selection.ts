/** Which rejects a command is about: the options that all of them have. */
import type { Rejected } from './reject.ts'
import { conditionOf } from './where.ts'

export interface Selection {
  readonly reason?: string
  /** The input that they come from. */
  readonly topic?: string
  /** Rejected then or later, ms since 1970. */
  readonly since?: number
  readonly where?: string
}

/** Throws where `where` is wrong. */
export function selector({ reason, topic, since, where }: Selection): (r: Rejected) => boolean {
  const condition = where === undefined ? null : conditionOf(where)
  return (rejected) =>
    (reason === undefined || rejected.reason === reason) &&
    (topic === undefined || rejected.topic === topic) &&
    (since === undefined || rejected.rejectedAt >= since) &&
    (condition === null || condition(rejected))
}
