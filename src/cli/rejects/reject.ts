/** A record of the rejects topic, taken apart into what was rejected and what was said of it. */
import type { RecordBytes } from '../../batch.ts'
import type { TopicRecord } from '../../broker/read-topic.ts'

/** Where a record of an input is. */
export interface Coordinates {
  readonly topic: string
  readonly partition: number
  /** -1: a joined record, which no input has. */
  readonly offset: number
}

export interface Rejected extends Coordinates {
  /** Of the record in its topic, ms since 1970. */
  readonly timestamp: number
  /** ms since 1970 */
  readonly rejectedAt: number
  readonly stage: string
  readonly reason: string
  readonly error: string
  /** What the reject lacks of the record, and why; null: nothing. */
  readonly omitted: string | null
  /** How often the record had been retried when it was rejected. */
  readonly retries: number
  /** As it came, as far as the reject has it. */
  readonly record: RecordBytes
  /** Where it lies in the rejects topic. */
  readonly at: { readonly partition: number; readonly offset: number }
}

const OWN = 'enricher.'
/** A record that is put back has one header of this name more, with the coordinates that it had. */
export const RETRY_HEADER = 'enricher.retry'

/** `orders-3@17` */
export const coordinatesText = ({ topic, partition, offset }: Coordinates): string =>
  `${topic}-${partition}@${offset}`

/** What `coordinatesText` has written; undefined: it is none. */
export function parseCoordinates(text: string): Coordinates | undefined {
  const [, topic, partition, offset] = /^(.+)-(\d+) ?@ ?(\d+)$/.exec(text) ?? []
  if (topic === undefined) return undefined
  return { topic, partition: Number(partition), offset: Number(offset) }
}

export function rejectedOf({ partition, offset, timestamp, ...record }: TopicRecord): Rejected {
  const { headers } = record
  // A record that has come through another pipeline's rejects may have such headers of its own before ours.
  const own = headers.findLastIndex(([name]) => name === `${OWN}topic`)
  const said = new Map(own < 0 ? [] : headers.slice(own))
  const text = (name: string): string => said.get(OWN + name)?.toString() ?? ''
  const number = (name: string): number => (text(name) === '' ? -1 : Number(text(name)))
  const before = own < 0 ? headers : headers.slice(0, own)
  return {
    topic: text('topic'),
    partition: number('partition'),
    offset: number('offset'),
    timestamp: number('timestamp'),
    rejectedAt: timestamp,
    stage: text('stage'),
    reason: text('reason'),
    error: text('error'),
    omitted: said.get(`${OWN}omitted`)?.toString() ?? null,
    retries: before.filter(([name]) => name === RETRY_HEADER).length,
    record: { key: record.key, value: record.value, headers: before },
    at: { partition, offset },
  }
}
