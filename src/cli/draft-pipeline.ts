/** A first pipeline file, from schemas and samples: pure. Every guess is written with what it rests on. */

import { type FieldKind, fieldKind } from '../codec/avro/field.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { isTimeText, unitOf } from '../codec/avro/time.ts'
import type { Format } from '../config/pipeline.ts'
import { guessKeyFormat, isFramed, nearlyAll, severalFields, textIn } from './checks/key-shapes.ts'
import { timeGuess } from './draft-time.ts'
import { scalar } from './yaml-scalar.ts'

/** What is known of a topic that the pipeline is to read. */
export interface TopicDraft {
  readonly topic: string
  readonly format: Format
  /** Of values in envelopes the row's. */
  readonly schema: AvroRecordSchema
  /** The schema file's name, as the pipeline file is to have it; null: the registry has the schema. */
  readonly schemaFile: string | null
  /** How values name their schema where it is not by the usual prefix; null: by that. */
  readonly frames: string | null
  /** They name none. */
  readonly isBare: boolean
  /** The fields of the row's primary key, where values say them beside it. */
  readonly primaryKey: readonly string[]
  /** null: the record has none. */
  readonly keys: readonly (Buffer | null)[]
  /** Decoded, in the order of the keys: rows; undefined where that was not possible. */
  readonly values: readonly (Readonly<Record<string, unknown>> | undefined)[]
}

export interface DimensionDraft extends TopicDraft {
  readonly name: string
  /** What is looked up: a field, or several with commas between; undefined: to be guessed. */
  readonly on: string | undefined
}

export interface Draft {
  readonly name: string
  /** The file's sections on brokers and registry. */
  readonly connection: readonly string[]
  readonly hasRegistry: boolean
  readonly facts: TopicDraft
  readonly dimensions: readonly DimensionDraft[]
  /** null: nothing is joined. */
  readonly join: TopicDraft | null
  /** The time now, in ms since 1970. */
  readonly now: number
}

/** A field, and why it was taken. */
interface Guess {
  readonly field: string
  readonly why: string
}

const keyFormatOf = ({ keys }: TopicDraft): ReturnType<typeof guessKeyFormat> =>
  guessKeyFormat(keys.filter((key) => key !== null))

function keyTexts(draft: TopicDraft): string[] {
  const format = keyFormatOf(draft)
  return draft.keys.map((key) => (key === null ? '' : (textIn(format, key) ?? '')))
}

/** Fields that have a text form, as keys need. */
function textFields({ schema }: TopicDraft): string[] {
  const kindOf = (name: string, type: Parameters<typeof fieldKind>[1]): FieldKind | undefined => {
    try {
      return fieldKind(name, type)
    } catch {
      return undefined
    }
  }
  return schema.fields
    .filter(({ name, type }) => {
      const kind = kindOf(name, type)
      const isTime = unitOf(type) !== null || isTimeText(type)
      return kind !== undefined && kind.logicalType === undefined && !isTime
    })
    .map(({ name }) => name)
}

/** The field that is the record key. */
function keyField(draft: TopicDraft): Guess | undefined {
  const texts = keyTexts(draft)
  const rows = draft.values.flatMap((value, i) =>
    value === undefined || draft.keys[i] === null ? [] : [{ value, i }],
  )
  for (const field of textFields(draft)) {
    const same = rows.filter(({ value, i }) => String(value[field]) === texts[i]).length
    if (nearlyAll(same, rows.length)) {
      return { field, why: `the key of ${same} of the last ${rows.length} records` }
    }
  }
  return undefined
}

/** The field on which both streams are joined; undefined: nothing speaks for any. */
function joinField(draft: TopicDraft, other: TopicDraft): Guess | undefined {
  const found = keyField(draft)
  if (found !== undefined) return found
  const theirs = textFields(other)
  const field = textFields(draft).find((name) => theirs.includes(name))
  if (field === undefined) return undefined
  return { field, why: 'CHECK: a field of both topics, but no record showed that it is the key' }
}

/** The fact's field that looks a dimension up: one whose values are its keys, else one with its name. */
function lookupField(facts: TopicDraft, dimension: DimensionDraft): Guess | undefined {
  if (dimension.on !== undefined) return { field: dimension.on, why: 'as you said' }
  const fields = textFields(facts)
  const { name } = dimension
  const named = [
    `${name}_id`,
    `${name}Id`,
    `${name}ID`,
    name,
    keyField(dimension)?.field,
    ...dimension.primaryKey,
  ]
  const byName = named.find((field) => field !== undefined && fields.includes(field))
  if (byName !== undefined) return { field: byName, why: 'by its name' }
  const keys = new Set(keyTexts(dimension))
  const hits = (field: string): number =>
    facts.values.filter((value) => value?.[field] != null && keys.has(String(value[field]))).length
  const [best] = fields.sort((a, b) => hits(b) - hits(a))
  if (best === undefined || hits(best) === 0) return undefined
  return { field: best, why: `${hits(best)} of its values are keys of ${dimension.topic}` }
}

export function draftText(draft: Draft): string {
  const { facts, dimensions, join, name, connection, now } = draft
  const taken = new Set(facts.schema.fields.map((field) => field.name))
  const sections = dimensions.map((dimension) => dimensionLines(facts, dimension, taken))
  const lines = [
    '# Written by stream-enricher init: look at every line, then run validate and check.',
    `name: ${scalar(name)} # consumer group; prefix of internal topics`,
    ...connection,
    'facts:',
    ...topicLines(facts, '  '),
    ...timeLines(facts, now),
    ...(sections.length === 0 ? [] : ['dimensions:', ...sections.flat()]),
    ...(join === null ? [] : joinLines(facts, join, taken, now)),
    'output:',
    `  topic: ${scalar(`${facts.topic}.enriched`)}`,
    ...outputLines(draft),
  ]
  return `${lines.join('\n')}\n`
}

/** Who writes JSON reads it; and Protobuf, where there is nothing else. */
function outputLines({ facts, dimensions, join, hasRegistry }: Draft): string[] {
  if (facts.format === 'json') return ['  format: json # as the facts; or avro']
  const all = [facts, ...dimensions, ...(join === null ? [] : [join])]
  const isProtobuf = all.every(({ format }) => format === 'protobuf')
  const id = hasRegistry ? [] : ['  schemaId: 1 # CHECK: the id in each output value']
  if (!isProtobuf) return id
  const kept = `  schema: ${scalar(`./${facts.topic}.enriched.proto`)} # keeps its fields’ numbers; \`stream-enricher output-schema --write\` writes it`
  return ['  format: protobuf # as all inputs; or avro', ...(hasRegistry ? [] : [kept]), ...id]
}

function joinLines(facts: TopicDraft, join: TopicDraft, taken: Set<string>, now: number): string[] {
  const left = joinField(facts, join)
  const right = joinField(join, facts)
  if (left === undefined || right === undefined) {
    const topic = left === undefined ? facts.topic : join.topic
    throw new Error(
      `No field of ${topic} is its record key; the topic has to be keyed by the join field`,
    )
  }
  const on =
    left.field === right.field
      ? [`  on: ${scalar(left.field)} # ${left.why}`]
      : [
          '  on:',
          `    left: ${scalar(left.field)} # ${left.why}`,
          `    right: ${scalar(right.field)} # ${right.why}`,
        ]
  return [
    'join:',
    ...topicLines(join, '  '),
    ...timeLines(join, now),
    ...on,
    '  within: 60s # how far apart a fact and its match may be',
    '  grace: 10s # how much later late records are accepted',
    '  kind: inner # left: facts without a match come out, too; right: right records; outer: both',
    ...selectLines(join, [right.field], lastWord(join.topic), taken, '  '),
  ]
}

function topicLines(draft: TopicDraft, indent: string, format = keyFormatOf(draft)): string[] {
  const { topic, format: values, schemaFile, schema, frames, isBare } = draft
  const named = frames === null ? '' : ` # its values name their schema by ${frames}`
  const { envelope } = schema
  return [
    `${indent}topic: ${scalar(topic)}${isBare ? '' : named}`,
    ...(values === 'avro' ? [] : [`${indent}format: ${values}`]),
    ...(isBare ? [`${indent}frame: none # no value names its schema`] : []),
    ...(schemaFile === null ? [] : [`${indent}schema: ${scalar(schemaFile)}`]),
    ...(format === 'text' ? [] : [`${indent}keyFormat: ${format}`]),
    ...(envelope === undefined
      ? []
      : [`${indent}envelope: ${envelope.kind} # the row is in it, and what has happened to it`]),
  ]
}

function timeLines(draft: TopicDraft, now: number): string[] {
  const guess = timeGuess(draft, now)
  return [`  ${guess ?? "# time: a field with the event time; without it the record's timestamp"}`]
}

function dimensionLines(
  facts: TopicDraft,
  dimension: DimensionDraft,
  taken: Set<string>,
): string[] {
  const { name, topic } = dimension
  const several = lookupFields(facts, dimension)
  if (several !== undefined) return severalLines(dimension, several, taken)
  const on = lookupField(facts, dimension)
  if (on === undefined) {
    throw new Error(
      `No field of ${facts.topic} looks like the key of ${topic}; name it, as --dimension ${name}=${topic}:FIELD`,
    )
  }
  const keyed = keyField(dimension)?.field
  const [primary, ...others] = dimension.primaryKey
  const key = keyed === undefined && others.length === 0 ? primary : undefined
  return [
    `  ${scalar(name)}:`,
    ...topicLines(dimension, '    '),
    ...(key === undefined
      ? []
      : [`    key: ${scalar(key)} # the primary key; the records’ keys are others`]),
    `    on: ${scalar(on.field)} # ${on.why}`,
    ...selectLines(dimension, [keyed ?? key ?? on.field], name, taken, '    '),
  ]
}

/** The fields of a key of several, where it has so many. */
function lookupFields(
  facts: TopicDraft,
  { on, keys }: DimensionDraft,
): { fields: string[]; why: string } | undefined {
  if (on?.includes(',')) return { fields: on.split(','), why: 'as you said' }
  const fields = severalFields(keys.filter((key) => key !== null))
  const theirs = textFields(facts)
  if (on !== undefined || !fields?.every((field) => theirs.includes(field))) return undefined
  return { fields, why: 'the fields of its keys' }
}

function severalLines(
  dimension: DimensionDraft,
  { fields, why }: { fields: readonly string[]; why: string },
  taken: Set<string>,
): string[] {
  const { name, keys } = dimension
  const format = keys.some((key) => key !== null && isFramed(key)) ? 'avro' : 'json'
  return [
    `  ${scalar(name)}:`,
    ...topicLines(dimension, '    ', format),
    `    on: [${fields.map(scalar).join(', ')}] # ${why}`,
    ...selectLines(dimension, fields, name, taken, '    '),
  ]
}

/** All fields but the key, each with a name that the output does not have yet. */
function selectLines(
  { schema }: TopicDraft,
  keys: readonly string[],
  prefix: string,
  taken: Set<string>,
  indent: string,
): string[] {
  const fields = schema.fields.map(({ name }) => name).filter((name) => !keys.includes(name))
  // A topic of nothing but its key.
  const sources = fields.length === 0 ? [keys[0]] : fields
  const names = sources.map((source) => {
    const name = taken.has(source) ? free(`${prefix}_${source}`, taken) : source
    taken.add(name)
    return name
  })
  if (names.every((name, i) => name === sources[i])) {
    return [`${indent}select: [${names.map(scalar).join(', ')}]`]
  }
  const pairs = names.map((name, i) => `${scalar(name)}: ${scalar(sources[i])}`)
  return [`${indent}select: { ${pairs.join(', ')} }`]
}

function free(name: string, taken: ReadonlySet<string>): string {
  const safe = name.replaceAll(/\W/g, '_')
  if (!taken.has(safe)) return safe
  let n = 2
  while (taken.has(`${safe}_${n}`)) n++
  return `${safe}_${n}`
}

/** `shop.payments` → `payments`. */
const lastWord = (topic: string): string => topic.split(/\W+/).at(-1) || 'right'
