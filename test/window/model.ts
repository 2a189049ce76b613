/** The join as a nested loop over all records: what the window has to agree with. */

export interface ModelRecord {
  readonly side: number
  readonly time: number
  readonly key: string
  readonly id: number
}

export interface ModelTimes {
  readonly beforeMs: number
  readonly afterMs: number
  readonly graceMs: number
  readonly kind: 'inner' | 'left'
}

/** Pairs `left-right`, and `left-` for a left record that closed without a match. Sorted. */
export function naiveJoin(records: readonly ModelRecord[], times: ModelTimes): string[] {
  const { beforeMs, afterMs, graceMs, kind } = times
  const held = beforeMs + afterMs + graceMs
  const open = afterMs + graceMs
  const seen: ModelRecord[] = []
  const matched = new Set<number>()
  const over = new Set<number>()
  const out: string[] = []
  let streamTime = Number.NEGATIVE_INFINITY
  const closes = ({ side, id, time }: ModelRecord): void => {
    if (kind !== 'left' || side !== 0 || matched.has(id) || over.has(id)) return
    if (streamTime <= time + open) return
    over.add(id)
    out.push(`${id}-`)
  }
  for (const record of records) {
    if (streamTime > record.time + held) continue
    seen.forEach(closes)
    for (const other of seen) {
      if (other.side === record.side || other.key !== record.key) continue
      const [left, right] = record.side === 0 ? [record, other] : [other, record]
      if (right.time < left.time - beforeMs || right.time > left.time + afterMs) continue
      if (streamTime > other.time + held || over.has(left.id)) continue
      matched.add(left.id)
      out.push(`${left.id}-${right.id}`)
    }
    seen.push(record)
    closes(record)
    streamTime = Math.max(streamTime, record.time)
  }
  // In the end every window closes.
  streamTime = Number.POSITIVE_INFINITY
  seen.forEach(closes)
  return out.sort()
}
