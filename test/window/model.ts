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
  const close = Math.max(times.beforeMs, times.afterMs) + times.graceMs
  const seen: ModelRecord[] = []
  const matched = new Set<number>()
  const out: string[] = []
  let streamTime = Number.NEGATIVE_INFINITY
  for (const record of records) {
    if (record.time + close < streamTime) continue
    for (const other of seen) {
      if (other.side === record.side || other.key !== record.key) continue
      const [left, right] = record.side === 0 ? [record, other] : [other, record]
      if (right.time < left.time - times.beforeMs || right.time > left.time + times.afterMs)
        continue
      const closed = left.time + close < streamTime && !matched.has(left.id)
      if (times.kind === 'left' && closed) continue
      matched.add(left.id)
      out.push(`${left.id}-${right.id}`)
    }
    seen.push(record)
    streamTime = Math.max(streamTime, record.time)
  }
  if (times.kind === 'left') {
    // In the end every window closes.
    for (const { side, id } of seen) if (side === 0 && !matched.has(id)) out.push(`${id}-`)
  }
  return out.sort()
}
