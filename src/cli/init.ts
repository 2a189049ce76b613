/** `init`: writes a first pipeline file from the topics and schemas that are there. */
import { existsSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import type { Broker } from '../broker/port.ts'
import { lastRanges, readTopic, type TopicRecord } from '../broker/read-topic.ts'
import { Registry } from '../codec/registry.ts'
import { parsePipeline } from '../config/load.ts'
import type { Format } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import { FORMATS } from '../plan/formats.ts'
import { compile, withPatience } from './compile.ts'
import { withBroker } from './connect.ts'
import { type DimensionDraft, draftText, type TopicDraft } from './draft-pipeline.ts'
import { type ConnectionOptions, connectionOf } from './init-connection.ts'
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
      const dimensions: DimensionDraft[] = []
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
  await refuseUnusable(text, out ?? join(folder, 'pipeline.yaml'), {
    ...process.env,
    KAFKA_BROKERS: brokers,
    SCHEMA_REGISTRY_URL: options.registry,
    SCHEMA_REGISTRY_USERNAME: connection.registry?.username ?? undefined,
  })
  if (out === undefined) {
    print(text.trimEnd())
    return
  }
  writeFileSync(out, text)
  print(`${out} is written. Look at it, then: stream-enricher check ${out}`)
}

/** Before the draft is written: its lines are of a file that is not there, so faults go without them. */
async function refuseUnusable(text: string, file: string, env: NodeJS.ProcessEnv): Promise<void> {
  try {
    await compile(parsePipeline(text, file, env))
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
): Promise<TopicDraft> {
  const { format, file } =
    registry === null ? fileOf(topic, folder) : await formatOf(topic, registry)
  const path = file === null ? null : join(folder, file)
  const { schema } = await FORMATS[format].schemaOf({ topic, schema: path, type: null }, registry)
  const records: TopicRecord[] = []
  await readTopic(broker, topic, await lastRanges(broker, topic, SAMPLE), (r) => records.push(r))
  const decoder = FORMATS[format].decoder(schema, registry)
  const keys: TopicDraft['keys'][number][] = []
  const values: TopicDraft['values'][number][] = []
  for (const { key, value } of records) {
    keys.push(key)
    const decoded = value === null ? undefined : await decoder.decode(value)
    values.push(decoded as TopicDraft['values'][number])
  }
  return { topic, format, schema, schemaFile: file, keys, values }
}

interface SchemaPlace {
  readonly format: Format
  /** null: the registry has it. */
  readonly file: string | null
}

async function formatOf(topic: string, registry: Registry): Promise<SchemaPlace> {
  const latest = await registry.latestText(`${topic}-value`)
  return { format: latest?.type === 'PROTOBUF' ? 'protobuf' : 'avro', file: null }
}

function fileOf(topic: string, folder: string): SchemaPlace {
  const [avro, protobuf] = [`./${topic}.avsc`, `./${topic}.proto`]
  if (existsSync(join(folder, avro))) return { format: 'avro', file: avro }
  if (existsSync(join(folder, protobuf))) return { format: 'protobuf', file: protobuf }
  const message = `The schema of ${topic} is not known: name a registry with --registry, or put it in ${join(folder, avro)}`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { topic } })
}
