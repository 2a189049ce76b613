/**
 * Under which subject a topic's schema is: those of Confluent's TopicNameStrategy, and for a topic with
 * several types of records TopicRecordNameStrategy and RecordNameStrategy.
 * https://docs.confluent.io/platform/current/schema-registry/fundamentals/serdes-develop/index.html#subject-name-strategy
 */
import { EnricherError } from '../../errors.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { isNamed, unqualified } from '../avro/record-type.ts'
import type { RegisteredSchema, Registry } from './registry.ts'

/** How many are named in a message. */
const MOST = 5

/** The latest schema of the topic's values. Throws SCHEMA_INVALID. @param type of the records that are read; null: there is one */
export async function latestOf(
  topic: string,
  type: string | null,
  registry: Registry,
): Promise<RegisteredSchema> {
  const found = await registry.latest(registry.subjectOf(topic))
  if (type === null) {
    if (found !== undefined) return found
    throw await nothingFor(topic, registry)
  }
  if (found !== undefined && isRecord(found, type)) return found
  return (
    (await latestOfRecord(topic, type, registry)) ?? (await throwMissing(topic, type, registry))
  )
}

/** That nobody has a JSON Schema of the topic's values. */
export function noJsonOf(topic: string, registry: Registry): EnricherError {
  const subject = registry.subjectOf(topic)
  const message = `The registry ${registry.url} has no subject ${subject}; register the topic’s JSON Schema there, or name a file with schema: \`stream-enricher init\` writes one by the topic’s records`
  return new EnricherError('SCHEMA_INVALID', message, { fields: { subject } })
}

const isRecord = ({ schema }: RegisteredSchema, type: string): boolean => {
  const record = schema as AvroRecordSchema | null
  return record?.type === 'record' && isNamed(record, type)
}

async function latestOfRecord(
  topic: string,
  type: string,
  registry: Registry,
): Promise<RegisteredSchema | undefined> {
  const named = await firstOf([`${topic}-${type}`, type], type, registry)
  if (named !== undefined || type.includes('.')) return named
  // Which namespace it is in, the subjects tell.
  const full = (await registry.subjects()).filter((one) => unqualified(one) === type)
  const ofTopic = full.filter((one) => one.startsWith(`${topic}-`))
  const candidates = ofTopic.length > 0 ? ofTopic : full.filter(isRecordName)
  return candidates.length === 1 ? firstOf(candidates, type, registry) : undefined
}

async function firstOf(
  subjects: readonly string[],
  type: string,
  registry: Registry,
): Promise<RegisteredSchema | undefined> {
  for (const subject of subjects) {
    const found = await registry.latest(subject)
    if (found !== undefined && isRecord(found, type)) return found
  }
  return undefined
}

/** Not `orders-value`, nor `orders-shop.OrderPlaced`. */
const isRecordName = (subject: string): boolean =>
  /^[\p{L}_][\p{L}\p{N}_$]*(\.[\p{L}_][\p{L}\p{N}_$]*)*$/u.test(subject)

async function throwMissing(topic: string, type: string, registry: Registry): Promise<never> {
  const all = await registry.subjects()
  const same = all.filter((one) => unqualified(one) === unqualified(type))
  const alike = same.length > 0 ? same : recordSubjects(topic, all)
  const looked = `${registry.subjectOf(topic)}, ${topic}-${type} or ${type}`
  const message = `The registry ${registry.url} has no record ${type} under ${looked}${hint(topic, alike)}`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { topic, type } })
}

async function nothingFor(topic: string, registry: Registry): Promise<EnricherError> {
  const subject = registry.subjectOf(topic)
  const message = `The registry ${registry.url} has no subject ${subject}`
  const named = hint(topic, recordSubjects(topic, await registry.subjects()))
  const what = "register the topic's schema there, or name a file with schema"
  const remedy = named === '' ? `; ${what}` : `${named}; or ${what}`
  return new EnricherError('SCHEMA_INVALID', message + remedy, { fields: { subject } })
}

function hint(topic: string, subjects: readonly string[]): string {
  if (subjects.length === 0) return ''
  const [first] = subjects
  const prefix = `${topic}-`
  const type = first.startsWith(prefix) ? first.slice(prefix.length) : first
  const names = subjects.slice(0, MOST).join(', ')
  const more = subjects.length > MOST ? ` and ${subjects.length - MOST} more` : ''
  return `. It has ${names}${more}, which are named after records: for one of these write type, as type: ${type}`
}

/** The topic's own, as `orders-shop.OrderPlaced`; else those of records whose names are like the topic's, else all of records. */
function recordSubjects(topic: string, subjects: readonly string[]): string[] {
  const prefix = `${topic}-`
  const isOwn = (one: string): boolean =>
    one.startsWith(prefix) && isRecordName(one.slice(prefix.length)) && !/-(key|value)$/.test(one)
  const own = subjects.filter(isOwn)
  if (own.length > 0) return own
  const records = subjects.filter(isRecordName)
  const words = topic
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => word.replace(/s$/, ''))
  const isAlike = (subject: string): boolean =>
    words.some((word) => word.length > 2 && unqualified(subject).toLowerCase().includes(word))
  const alike = records.filter(isAlike)
  return alike.length > 0 ? alike : records
}
