/** Which field of a topic is its event time, and what it counts: by its type, else by its name and values. */
import { bytesOf, NO_BYTES } from '../bytes.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { checkInstant, isTimeText, UNIT_NAMES, unitOf } from '../codec/avro/time.ts'
import { likelyUnit, timeLine, UNITS } from '../codec/likely-unit.ts'
import { isoTime } from '../config/iso-time.ts'
import type { TimeUnit } from '../config/pipeline.ts'
import { nearlyAll } from './checks/key-shapes.ts'
import type { TopicDraft } from './draft-pipeline.ts'
import { scalar } from './yaml-scalar.ts'

type Values = Pick<TopicDraft, 'schema' | 'values'>

/** The event time's line; undefined: no field looks like it. */
export function timeGuess(draft: Values, now: number): string | undefined {
  const known = draft.schema.fields.find(({ type }) => unitOf(type) !== null || isTimeText(type))
  if (known !== undefined) return `time: ${scalar(known.name)}`
  const named = draft.schema.fields.filter((one) => TIME_NAME.test(one.name) && canBeTime(one))
  for (const { name } of named) {
    if (isText(draft, name))
      return `time: ${scalar(name)} # CHECK: by its name and values, ISO 8601`
    const unit = unitOfValues(draft, name, now)
    if (unit === undefined) continue
    const line = unit === 'ms' ? `time: ${scalar(name)}` : timeLine(scalar(name), unit)
    return `${line} # CHECK: by its name and values, in ${UNIT_NAMES[unit]}`
  }
  return undefined
}

const TIME_NAME = /(^|_)(at|ts|time|timestamp)$|(At|Ts|Time|Timestamp)$/

function canBeTime({ name, type }: AvroRecordSchema['fields'][number]): boolean {
  try {
    checkInstant(name, type, null)
    return true
  } catch {
    return false
  }
}

/** Whether nearly all values are text that is a time. */
function isText({ values }: Values, field: string): boolean {
  const texts = values.flatMap((value) => (value?.[field] == null ? [] : [value[field]]))
  const times = texts.filter((text) => {
    const bytes = typeof text === 'string' ? bytesOf(Buffer.from(text)) : NO_BYTES
    return Number.isFinite(isoTime(bytes, 0, bytes.length))
  })
  return nearlyAll(times.length, texts.length)
}

/** The unit in which nearly all values are times of our days. */
function unitOfValues({ values }: Values, field: string, now: number): TimeUnit | undefined {
  const counts = values.flatMap((value) => (value?.[field] == null ? [] : [Number(value[field])]))
  const isIn = (unit: TimeUnit): boolean =>
    nearlyAll(counts.filter((count) => likelyUnit(count, now) === unit).length, counts.length)
  return UNITS.find(isIn)
}
