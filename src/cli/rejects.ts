/** `rejects FILE`: what is in the rejects topic, in words. */

import type { Broker } from '../broker/port.ts'
import { lastRanges, type Range, readTopic, type TopicRecord } from '../broker/read-topic.ts'
import { bytesOf } from '../bytes.ts'
import { keyTextOf } from '../codec/keys.ts'
import type { KeyReader } from '../codec/port.ts'
import type { Registry } from '../codec/registry.ts'
import { loadPipeline } from '../config/load.ts'
import type { KeyFormat, Pipeline } from '../config/pipeline.ts'
import { plural } from '../config/text.ts'
import { inputsOf } from '../config/topic-names.ts'
import { timeText } from '../output/time-text.ts'
import { FORMATS } from '../plan/formats.ts'
import { keyReaders } from '../plan/key-readers.ts'
import { inputSchemas, type TopicSchemas } from '../plan/output-plan.ts'
import type { Decoder } from '../plan/value-format.ts'
import { compile, withRegistry } from './compile.ts'
import { withBroker } from './connect.ts'
import { print, styled } from './terminal.ts'

export interface RejectsOptions {
  readonly reason?: string
  /** Without it: 20 from the end, all from the beginning. */
  readonly limit?: number
  readonly json?: true
  readonly fromBeginning?: true
}

/** A reject as `--json` prints it. */
export interface Reject {
  readonly topic: string
  readonly partition: number
  readonly offset: number
  readonly timestamp: string
  readonly rejectedAt: string
  readonly stage: string
  readonly reason: string
  readonly error: string
  readonly key: string | null
  /** Decoded; null where that is not possible. */
  readonly value: unknown
  readonly valueBase64: string | null
  /** The headers that the record had when it came. */
  readonly headers: Readonly<Record<string, string | null>>
}

/** Offsets of each partition that are read at a time. */
const CHUNK = 5000
const LAST = 20
const OWN = 'enricher.'
/** Others that begin like it say what a record was made of: docs/provenance.md. */
const OWN_HEADER = /^enricher\.(topic|partition|offset|timestamp|stage|reason|error|omitted)$/
/** Bytes of an undecoded value that are shown. */
const SHOWN_BYTES = 64
const SHOWN_TEXT = 500

export async function rejects(file: string, options: RejectsOptions): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  const { schemas } = await compile(pipeline)
  const topic = pipeline.output.rejects
  await withRegistry(pipeline, (registry) =>
    withBroker(pipeline.kafka, async (broker) => {
      const access = (await broker.administration.topicAccess([topic])).get(topic)
      if (access?.state === 'hidden') {
        throw new Error(`This user may not describe ${topic}; give it describe and read on it`)
      }
      if (access?.state !== 'there') {
        process.stderr.write(`${topic} does not exist yet: nothing was rejected\n`)
        return
      }
      const decoders = decodersOf(pipeline, schemas, registry)
      const show = async (record: TopicRecord): Promise<void> => {
        const reject = await rejectOf(record, decoders)
        print(options.json ? JSON.stringify(reject) : textOf(reject))
      }
      const { shown, reasons } = options.fromBeginning
        ? await showAll(broker, topic, options, show)
        : await showLast(broker, topic, options, show)
      if (!options.json) print(summary(topic, shown, reasons, options.reason))
    }),
  )
}

function summary(
  topic: string,
  shown: number,
  reasons: ReadonlyMap<string, number>,
  reason: string | undefined,
): string {
  const seen = [...reasons].map(([name, count]) => `${name} ${count}`).join(', ')
  if (reasons.size === 0) return `${topic} is empty`
  if (shown === 0) return `${topic} has no rejects with reason ${reason}; it has: ${seen}`
  return `${plural(shown, 'reject')} of ${topic}; read: ${seen}`
}

interface Shown {
  readonly shown: number
  /** How often each reason came, in all that was read. */
  readonly reasons: ReadonlyMap<string, number>
}

type Show = (record: TopicRecord) => Promise<void>

/** From the oldest on, chunk by chunk, so that any number of them fits into memory. */
async function showAll(
  broker: Broker,
  topic: string,
  options: RejectsOptions,
  show: Show,
): Promise<Shown> {
  const whole = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  const { limit = Number.POSITIVE_INFINITY } = options
  const reasons = new Map<string, number>()
  let shown = 0
  const longest = Math.max(...whole.map(({ from, to }) => to - from))
  for (let at = 0; at < longest && shown < limit; at += CHUNK) {
    const chunk = whole.map((r) => ({
      ...r,
      from: r.from + at,
      to: Math.min(r.to, r.from + at + CHUNK),
    }))
    const found = await readChunk(broker, topic, chunk, options.reason, reasons)
    for (const record of found.slice(0, limit - shown)) await show(record)
    shown += Math.min(found.length, limit - shown)
  }
  return { shown, reasons }
}

/** The newest, oldest of them first: chunks from the end until there are enough. */
async function showLast(
  broker: Broker,
  topic: string,
  options: RejectsOptions,
  show: Show,
): Promise<Shown> {
  const whole = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  const { limit = LAST } = options
  const reasons = new Map<string, number>()
  let found: TopicRecord[] = []
  const longest = Math.max(...whole.map(({ from, to }) => to - from))
  for (let at = 0; at < longest && found.length < limit; at += CHUNK) {
    const chunk = whole.map((r) => ({
      ...r,
      from: Math.max(r.from, r.to - at - CHUNK),
      to: r.to - at,
    }))
    found = [...(await readChunk(broker, topic, chunk, options.reason, reasons)), ...found]
  }
  const last = found.slice(Math.max(0, found.length - limit))
  for (const record of last) await show(record)
  return { shown: last.length, reasons }
}

/** In the order in which they were rejected. */
async function readChunk(
  broker: Broker,
  topic: string,
  ranges: readonly Range[],
  reason: string | undefined,
  reasons: Map<string, number>,
): Promise<TopicRecord[]> {
  const found: TopicRecord[] = []
  await readTopic(broker, topic, ranges, (record) => {
    const its = header(record, 'reason')
    reasons.set(its, (reasons.get(its) ?? 0) + 1)
    if (reason === undefined || its === reason) found.push(record)
  })
  return found.sort((a, b) => a.timestamp - b.timestamp)
}

interface RecordDecoder {
  readonly keyFormat: KeyFormat
  readonly keys: KeyReader
  readonly values: Decoder
}

function decodersOf(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  registry: Registry | null,
): Map<string, RecordDecoder> {
  const all = inputSchemas(schemas)
  const { sources, dimensions } = keyReaders(pipeline, schemas, registry)
  const readers = [...sources, ...dimensions]
  return new Map(
    inputsOf(pipeline).map(({ config: { topic, format, keyFormat } }, i) => [
      topic,
      { keyFormat, keys: readers[i], values: FORMATS[format].decoder(all[i], registry) },
    ]),
  )
}

const header = ({ headers }: TopicRecord, name: string): string =>
  headers.findLast(([key]) => key === OWN + name)?.[1]?.toString() ?? ''

async function rejectOf(
  record: TopicRecord,
  decoders: ReadonlyMap<string, RecordDecoder>,
): Promise<Reject> {
  const topic = header(record, 'topic')
  const decoder = decoders.get(topic)
  const { key, value } = record
  return {
    topic,
    partition: Number(header(record, 'partition')),
    offset: Number(header(record, 'offset')),
    timestamp: timeText(Number(header(record, 'timestamp'))),
    rejectedAt: timeText(record.timestamp),
    stage: header(record, 'stage'),
    reason: header(record, 'reason'),
    error: header(record, 'error'),
    key: key && (await keyText(key, decoder)),
    value: value === null ? null : ((await decoder?.values.decode(value)) ?? null),
    valueBase64: value?.toString('base64') ?? null,
    headers: Object.fromEntries(
      record.headers
        .filter(([name]) => !OWN_HEADER.test(name))
        .map(([name, text]) => [name, text?.toString() ?? null]),
    ),
  }
}

async function keyText(key: Buffer, decoder: RecordDecoder | undefined): Promise<string> {
  const text = decoder === undefined ? key.toString() : await readKey(key, decoder)
  return text !== undefined && isClean(text) ? text : `0x${key.toString('hex')}`
}

async function readKey(
  key: Buffer,
  { keyFormat, keys }: RecordDecoder,
): Promise<string | undefined> {
  if (keyFormat === 'bytes') return undefined
  const text = keyTextOf(keys, key)
  if (text !== undefined || keys.reason !== null) return text
  await keys.load(bytesOf(key), 0)
  return keyTextOf(keys, key)
}

/** Text that a terminal shows as it is: nothing that was not UTF-8, no control characters. */
const isClean = (text: string): boolean => !/[\p{Cc}\ufffd]/u.test(text)

function textOf(reject: Reject): string {
  const { topic, partition, offset, timestamp, reason, stage, error, headers } = reject
  // A joined record that is too large has no offset of its own.
  const where = offset < 0 ? `${topic}-${partition}` : `${topic}-${partition} @ ${offset}`
  const lines = [
    `${styled('bold', where)}  ${styled('red', reason)} (${stage})  ${timestamp}`,
    `  ${error}`,
    `  key    ${reject.key ?? 'none'}`,
    `  value  ${valueText(reject)}`,
  ]
  if (Object.keys(headers).length > 0) lines.push(`  headers ${JSON.stringify(headers)}`)
  return `${lines.join('\n')}\n`
}

function valueText({ value, valueBase64 }: Reject): string {
  if (value !== null) return JSON.stringify(value)
  if (valueBase64 === null) return 'none'
  const bytes = Buffer.from(valueBase64, 'base64')
  const text = bytes.toString()
  if (isClean(text)) return text.length > SHOWN_TEXT ? `${text.slice(0, SHOWN_TEXT)}…` : text
  const more = bytes.length > SHOWN_BYTES ? '…' : ''
  return `${plural(bytes.length, 'byte')}, 0x${bytes.toString('hex', 0, SHOWN_BYTES)}${more}`
}
