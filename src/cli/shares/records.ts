/** The records of a sample as those see them that look them up or join them: their times, and the texts of all their fields. */
import type { TopicRecord } from '../../broker/read-topic.ts'
import type { TopicConfig } from '../../config/pipeline.ts'
import type { FieldReader } from '../../plan/field-readers.ts'
import { isPassedOver, readValue } from '../checks/values.ts'

export interface ReadRecord {
  /** When it happened, in ms; NaN: its time field is null, or no time. */
  readonly time: number
  /** By the reader's paths; null: the field is. */
  readonly texts: readonly (string | null)[]
}

/** undefined: the service does not take it. */
export async function recordOf(
  { time }: Pick<TopicConfig, 'time'>,
  { paths, codec }: FieldReader,
  record: TopicRecord,
): Promise<ReadRecord | undefined> {
  if (record.value === null) return undefined
  const value = await readValue(codec, record)
  if (isPassedOver(value) || 'reason' in value) return undefined
  const texts = paths.map((_, k) => {
    const end = value.keyEnd(k)
    return end < 0 ? null : value.keyBuffer(k).toString('utf8', value.keyStart(k), end)
  })
  return { time: time === null ? record.timestamp : value.time, texts }
}

/** The text of a field, which is one of the reader's. */
export const textOf = ({ paths }: FieldReader, record: ReadRecord, path: string): string | null =>
  record.texts[paths.indexOf(path)] ?? null
