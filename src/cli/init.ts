/** `init`: writes a first pipeline file from the topics and schemas that are there. */
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import type { Broker } from '../broker/port.ts'
import { lastRanges, readTopic, type TopicRecord } from '../broker/read-topic.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { envelopePaths, rowSchema } from '../codec/envelope/schema.ts'
import { ALL_FRAMES } from '../codec/frame/framing.ts'
import { Registry } from '../codec/registry/registry.ts'
import type { ValueTexts } from '../codec/value-text.ts'
import { parsePipeline } from '../config/load.ts'
import { EnricherError } from '../errors.ts'
import { compilePipeline } from '../plan/compile.ts'
import { FORMATS } from '../plan/formats.ts'
import { framesOf, frameWords } from './checks/frames.ts'
import { withPatience, withRegistry } from './compile.ts'
import { withBroker } from './connect.ts'
import { type DimensionDraft, draftText, type TopicDraft } from './draft-pipeline.ts'
import { draftSchema, type SchemaDraft } from './draft-schema.ts'
import { type ConnectionOptions, connectionOf } from './init-connection.ts'
import { memberAt, plainRow } from './item-text.ts'
import { print, quietLog } from './terminal.ts'

/** A dimension as the command line names it: `NAME=TOPIC` or `NAME=TOPIC:FIELD`. */
export interface DimensionOption {
  readonly name: string
  readonly topic: string
  readonly on: string | undefined
}

export interface InitOptions extends ConnectionOptions {
  readonly facts: string
  /** Undefined: nothing is joined. */
  readonly join?: string
  readonly dimension: readonly DimensionOption[]
  readonly name?: string
  readonly out?: string
}

/** Offsets of each partition that are looked at. */
const SAMPLE = 50

export async function init(options: InitOptions): Promise<void> {
  const { brokers, out, dimension: named } = options
  if (out !== undefined && existsSync(out)) {
    throw new Error(`${out} is there already; name another file with --out, or remove it`)
  }
  const folder = out === undefined ? process.cwd() : dirname(resolve(out))
  const connection = connectionOf(options, process.env)
  const registry = connection.registry && new Registry(connection.registry, quietLog)
  const draft = await withPatience(registry, () =>
    withBroker(connection.kafka, async (broker) => {
      const joined = options.join === undefined ? [] : [options.join]
      await refuseMissing(broker, [options.facts, ...joined, ...named.map(({ topic }) => topic)])
      const read = (topic: string) => draftOf(broker, topic, registry, folder)
      const facts = await read(options.facts)
      const dimensions: (DimensionDraft & SchemaDraft)[] = []
      for (const { name, topic, on } of named) {
        dimensions.push({ ...(await read(topic)), name, on })
      }
      const [right = null] = await Promise.all(joined.map(read))
      return { facts, join: right, dimensions }
    }),
  )
  const name = options.name ?? `${options.facts}-enrichment`
  const hasRegistry = registry !== null
  const text = draftText({
    ...draft,
    name,
    connection: connection.lines,
    hasRegistry,
    now: Date.now(),
  })
  refuseUnnamed(
    [draft.facts, ...draft.dimensions, ...(draft.join === null ? [] : [draft.join])],
    out,
  )
  const written = writeSchemas(
    [draft.facts, ...draft.dimensions, ...(draft.join === null ? [] : [draft.join])],
    folder,
  )
  const env = {
    ...process.env,
    KAFKA_BROKERS: brokers,
    SCHEMA_REGISTRY_URL: options.registry,
    SCHEMA_REGISTRY_USERNAME: connection.registry?.username ?? undefined,
  }
  const pipeline = join(folder, 'pipeline.yaml')
  const numbers = await outputNumbers(text, out ?? pipeline, env).catch((error) => {
    for (const file of written) rmSync(file)
    throw error
  })
  if (out === undefined) {
    print(text.trimEnd())
    return
  }
  writeFileSync(out, text)
  for (const { file, text } of numbers) {
    writeFileSync(file, text)
    written.push(file)
  }
  const those = [...written.map((file) => relative(process.cwd(), file)), out]
  const [are, them] = those.length === 1 ? ['is', 'it'] : ['are', 'them']
  print(`${those.join(', ')} ${are} written. Look at ${them}, then: stream-enricher check ${out}`)
}

/** Who only wants to see a file gets none beside it. */
function refuseUnnamed(drafts: readonly SchemaDraft[], out: string | undefined): void {
  const unknown = drafts.find(({ text }) => text !== null)
  if (unknown === undefined || out !== undefined) return
  const message = `${unknown.schemaFile} has to be written beside the pipeline file, as nobody has that schema; name the pipeline file with --out`
  throw new EnricherError('SCHEMA_INVALID', message)
}

/** Of topics whose values alone say what they are. @returns the files */
function writeSchemas(drafts: readonly SchemaDraft[], folder: string): string[] {
  const files = drafts.flatMap(({ schemaFile, text }) =>
    text === null || schemaFile === null ? [] : [{ file: join(folder, schemaFile), text }],
  )
  for (const { file, text } of files) writeFileSync(file, text)
  return files.map(({ file }) => file)
}

/**
 * Before the draft is written: its lines are of a file that is not there, so faults go without them.
 * @returns the files that keep the numbers of an output's fields, which a start needs
 */
async function outputNumbers(
  text: string,
  file: string,
  env: NodeJS.ProcessEnv,
): Promise<{ file: string; text: string }[]> {
  try {
    const pipeline = parsePipeline(text, file, env)
    const { codec } = await withRegistry(pipeline, (registry) =>
      compilePipeline(pipeline, registry, []),
    )
    return pipeline.outputs.flatMap(({ schema }, o) =>
      schema === null ? [] : [{ file: schema, text: codec.outputs[o].schema }],
    )
  } catch (error) {
    const { code, message, fields } = error as EnricherError
    if (code !== 'CONFIG_INVALID' && code !== 'SCHEMA_INVALID') throw error
    throw new EnricherError(code, draftFault(message, file), { cause: error, fields })
  }
}

/** The faults of a draft, without its lines. */
export function draftFault(message: string, file: string): string {
  const faults = message.split('\n').map((line) => {
    const rest = line.startsWith(`${file}:`) ? line.slice(file.length + 1) : line
    return rest.replace(/^\d+: /, '')
  })
  return `No file is written: a pipeline of these topics would not start.\n${faults.join('\n')}`
}

async function refuseMissing({ admin }: Broker, topics: readonly string[]): Promise<void> {
  const found = await admin.describeTopics(topics)
  const missing = topics.filter((topic) => !found.has(topic))
  if (missing.length === 0) return
  const message = `No such topic: ${missing.join(', ')}; correct the name, or create it first`
  throw new EnricherError('TOPIC_MISSING', message, { fields: { missing } })
}

async function draftOf(
  broker: Broker,
  topic: string,
  registry: Registry | null,
  folder: string,
): Promise<TopicDraft & SchemaDraft> {
  const records: TopicRecord[] = []
  await readTopic(broker, topic, await lastRanges(broker, topic, SAMPLE), (r) => records.push(r))
  const there = records.flatMap(({ value }) => value ?? [])
  const draft = await draftSchema(topic, there, registry, folder)
  const schema = rowOrValue(draft.schema)
  const found = { ...draft, schema, topic, keys: records.map(({ key }) => key) }
  const rows = async (decoder: ValueTexts): Promise<TopicDraft['values']> =>
    (await decoded(records, decoder)).map((value) => rowOf(value, schema))
  const { decoder } = FORMATS[draft.format]
  const framed = await rows(decoder({ frame: null }, draft.schema, registry))
  if (draft.format !== 'avro') return { ...found, frames: null, isBare: false, values: framed }
  const frames = frameWords(framesOf(records, [...ALL_FRAMES, 'long prefix'])) ?? null
  if (registry !== null || framed.some((value) => value !== undefined)) {
    return { ...found, frames, isBare: false, values: framed }
  }
  const bare = await rows(decoder({ frame: 'none' }, draft.schema, null))
  const isBare = bare.some((value) => value !== undefined)
  return { ...found, frames, isBare, values: isBare ? bare : framed }
}

async function decoded(
  records: readonly TopicRecord[],
  decoder: ValueTexts,
): Promise<readonly unknown[]> {
  const values: unknown[] = []
  for (const record of records) values.push(await decoder.decode(record))
  return values
}

/** The schema of the row, where values look like envelopes with rows in them. */
function rowOrValue(schema: AvroRecordSchema): AvroRecordSchema {
  for (const kind of ['debezium', 'mongodb'] as const) {
    try {
      return rowSchema(schema, kind)
    } catch {
      // It is none, or has no rows that could be read: then values are what they are.
    }
  }
  return schema
}

/** undefined: there is none. */
function rowOf(value: unknown, { envelope }: AvroRecordSchema): TopicDraft['values'][number] {
  if (envelope === undefined) return value as TopicDraft['values'][number]
  const { after } = envelopePaths(parseRecord(envelope.schema), envelope.kind)
  return plainRow(memberAt(value, after), envelope.kind)
}
