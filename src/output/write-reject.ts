import type { RecordBytes, RejectReason, Stage } from '../batch.ts'
import type { BatchList } from './batch-list.ts'

/** The text may quote a key. */
const MOST_ERROR_CHARS = 500

export interface Rejected {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: number
  readonly stage: Stage
  readonly reason: RejectReason
  readonly error: string
  readonly record: RecordBytes
  /** What of the record is left out, and why; undefined: nothing. */
  readonly omitted?: string
}

/** Writes rejects: the record as it came, with headers that say where it was and what was wrong. */
export function writeReject(batches: BatchList, rejected: Rejected): void {
  const { record } = rejected
  // Wall clock: the record's own may be what is wrong with it.
  const timestamp = Date.now()
  const headers: [string, Buffer | null][] = [
    ...record.headers.map(([name, value]): [string, Buffer | null] => [name, value]),
    ['enricher.topic', Buffer.from(rejected.topic)],
    ['enricher.partition', Buffer.from(String(rejected.partition))],
    ['enricher.offset', Buffer.from(String(rejected.offset))],
    ['enricher.timestamp', Buffer.from(String(rejected.timestamp))],
    ['enricher.stage', Buffer.from(rejected.stage)],
    ['enricher.reason', Buffer.from(rejected.reason)],
    ['enricher.error', Buffer.from(rejected.error.slice(0, MOST_ERROR_CHARS))],
  ]
  const own = headers.slice(record.headers.length)
  const omitted = (what: string): [string, Buffer] => ['enricher.omitted', Buffer.from(what)]
  const { key } = record
  // Its coordinates still find it in its own topic, where it was small enough to be.
  const forms = [
    {
      ...record,
      headers: rejected.omitted === undefined ? headers : [...headers, omitted(rejected.omitted)],
    },
    { key, value: null, headers: [...headers, omitted('value: too large')] },
    { key, value: null, headers: [...own, omitted('value and headers: too large')] },
  ]
  const form = forms.find((one) => batches.fits(recordBytes(one))) ?? {
    key: null,
    value: null,
    headers: [...own, omitted('key, value and headers: too large')],
  }
  batches.writer(recordBytes(form)).recordOf(timestamp, form)
}

/** Bytes of a record in a batch, at most: in a header a letter has three bytes of UTF-8, and a length five. */
export function recordBytes({ key, value, headers }: RecordBytes): number {
  const headerBytes = headers.reduce(
    (sum, [name, v]) => sum + name.length * 3 + (v?.length ?? 0) + 10,
    0,
  )
  return headerBytes + (key?.length ?? 0) + (value?.length ?? 0)
}
