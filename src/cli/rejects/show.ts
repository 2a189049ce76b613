/** `rejects show FILE`: what is in the rejects topic, in words. */
import type { RecordBytes } from '../../batch.ts'
import type { Broker } from '../../broker/port.ts'
import { lastRanges, type Range, readTopic } from '../../broker/read-topic.ts'
import { valueSchema } from '../../codec/envelope/schema.ts'
import { keyTextOf, loadKey } from '../../codec/keys/keys.ts'
import type { KeyReader } from '../../codec/port.ts'
import type { Registry } from '../../codec/registry/registry.ts'
import type { ValueTexts } from '../../codec/value-text.ts'
import { loadPipeline } from '../../config/load.ts'
import type { KeyFormat, Pipeline } from '../../config/pipeline.ts'
import { plural } from '../../config/text.ts'
import { inputsOf } from '../../config/topic-names.ts'
import { timeText } from '../../output/time-text.ts'
import { FORMATS } from '../../plan/formats.ts'
import { keyReaders } from '../../plan/key-readers.ts'
import { inputSchemas, type TopicSchemas } from '../../plan/output-plan.ts'
import { compile, withRegistry } from '../compile.ts'
import { print, styled } from '../terminal.ts'
import type { Ledger } from './ledger.ts'
import { ledgerShown, onRejects } from './on-rejects.ts'
import { pagesOf } from './pages.ts'
import { type Coordinates, coordinatesText, type Rejected, rejectedOf } from './reject.ts'
import { type Selection, selector } from './selection.ts'

export interface ShowOptions extends Selection {
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
  readonly keyBase64: string | null
  /** Decoded; null where that is not possible. */
  readonly value: unknown
  readonly valueBase64: string | null
  /** The headers that the record had when it came. */
  readonly headers: Readonly<Record<string, string | null>>
  /** What the reject lacks of the record, and why; null: nothing. */
  readonly omitted: string | null
  /** How often the record had been retried when it was rejected. */
  readonly retries: number
  /** Whether it was put back since; null: this user may not know. */
  readonly retried: boolean | null
  /** Where it lies in the rejects topic. */
  readonly reject: { readonly partition: number; readonly offset: number }
}

/** Offsets of each partition that are read at a time. */
const CHUNK = 5000
const LAST = 20
/** Bytes of an undecoded value that are shown. */
const SHOWN_BYTES = 64
const SHOWN_TEXT = 500

/** @param places coordinates of records, to show their rejects and no others; none: those that the options say */
export async function rejectsShow(
  file: string,
  places: readonly Coordinates[],
  options: ShowOptions,
): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  const isWanted = selector(options)
  const { schemas } = await compile(pipeline)
  await withRegistry(pipeline, (registry) =>
    onRejects(pipeline, async (broker, topic) => {
      const decoders = decodersOf(pipeline, schemas, registry)
      const ledger = await ledgerShown(broker, topic)
      const show = async (rejected: Rejected): Promise<void> => {
        const reject = await rejectOf(rejected, decoders, ledger)
        print(options.json ? JSON.stringify(reject) : textOf(reject))
      }
      if (places.length > 0) {
        await showPlaces(broker, topic, places, show)
        return
      }
      const some = options.fromBeginning ? showAll : showLast
      const { shown, reasons } = await some(broker, topic, { ...options, isWanted }, show)
      if (!options.json) print(summary(topic, shown, reasons, options))
    }),
  )
}

function summary(
  topic: string,
  shown: number,
  reasons: ReadonlyMap<string, number>,
  { reason }: Selection,
): string {
  const seen = [...reasons].map(([name, count]) => `${name} ${count}`).join(', ')
  if (reasons.size === 0) return `${topic} is empty`
  const which = reason === undefined ? 'such rejects' : `rejects with reason ${reason}`
  if (shown === 0) return `${topic} has no ${which}; it has: ${seen}`
  return `${plural(shown, 'reject')} of ${topic}; read: ${seen}`
}

interface Shown {
  readonly shown: number
  /** How often each reason came, in all that was read. */
  readonly reasons: ReadonlyMap<string, number>
}

interface Which {
  readonly limit?: number
  readonly since?: number
  readonly isWanted: (rejected: Rejected) => boolean
}

type Show = (rejected: Rejected) => Promise<void>

/** Throws where one has no reject. */
async function showPlaces(
  broker: Broker,
  topic: string,
  places: readonly Coordinates[],
  show: Show,
): Promise<void> {
  const missing = new Set(places.map(coordinatesText))
  const wanted = new Set(missing)
  for await (const page of pagesOf(broker, topic)) {
    for (const rejected of page) {
      if (!wanted.has(coordinatesText(rejected))) continue
      missing.delete(coordinatesText(rejected))
      await show(rejected)
    }
  }
  if (missing.size > 0) throw new Error(`${topic} has no reject of ${[...missing].join(', ')}`)
}

/** From the oldest on, page by page, so that any number of them fits into memory. */
async function showAll(
  broker: Broker,
  topic: string,
  { limit = Number.POSITIVE_INFINITY, since, isWanted }: Which,
  show: Show,
): Promise<Shown> {
  const reasons = new Map<string, number>()
  let shown = 0
  for await (const page of pagesOf(broker, topic, since)) {
    for (const rejected of page) {
      count(reasons, rejected)
      if (shown === limit || !isWanted(rejected)) continue
      await show(rejected)
      shown++
    }
    if (shown === limit) break
  }
  return { shown, reasons }
}

/** The newest, oldest of them first: chunks from the end until there are enough. */
async function showLast(
  broker: Broker,
  topic: string,
  { limit = LAST, isWanted }: Which,
  show: Show,
): Promise<Shown> {
  const whole = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  const reasons = new Map<string, number>()
  let found: Rejected[] = []
  const longest = Math.max(...whole.map(({ from, to }) => to - from))
  for (let at = 0; at < longest && found.length < limit; at += CHUNK) {
    const chunk = whole.map((r) => ({
      ...r,
      from: Math.max(r.from, r.to - at - CHUNK),
      to: r.to - at,
    }))
    const read = await readChunk(broker, topic, chunk)
    for (const rejected of read) count(reasons, rejected)
    found = [...read.filter(isWanted), ...found]
  }
  const last = found.slice(Math.max(0, found.length - limit))
  for (const rejected of last) await show(rejected)
  return { shown: last.length, reasons }
}

/** In the order in which they were rejected. */
async function readChunk(
  broker: Broker,
  topic: string,
  ranges: readonly Range[],
): Promise<Rejected[]> {
  const found: Rejected[] = []
  await readTopic(broker, topic, ranges, (record) => found.push(rejectedOf(record)))
  return found.sort((a, b) => a.rejectedAt - b.rejectedAt)
}

const count = (reasons: Map<string, number>, { reason }: Rejected): unknown =>
  reasons.set(reason, (reasons.get(reason) ?? 0) + 1)

interface Decoder {
  readonly keyFormat: KeyFormat
  readonly keys: KeyReader
  readonly values: ValueTexts
}

function decodersOf(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  registry: Registry | null,
): Map<string, Decoder> {
  const all = inputSchemas(schemas)
  const { sources, dimensions } = keyReaders(pipeline, schemas, registry)
  const readers = [...sources, ...dimensions]
  return new Map(
    inputsOf(pipeline).map(({ config }, i) => {
      const values = FORMATS[config.format].decoder(config, valueSchema(all[i]), registry)
      return [config.topic, { keyFormat: config.keyFormat, keys: readers[i], values }]
    }),
  )
}

async function rejectOf(
  { record, timestamp, rejectedAt, at, ...said }: Rejected,
  decoders: ReadonlyMap<string, Decoder>,
  ledger: Ledger | null,
): Promise<Reject> {
  const decoder = decoders.get(said.topic)
  const { key, value, headers } = record
  return {
    ...said,
    timestamp: timeText(timestamp),
    rejectedAt: timeText(rejectedAt),
    key: key && (await keyText(key, headers, decoder)),
    keyBase64: key?.toString('base64') ?? null,
    value: value === null ? null : ((await decoder?.values.decode(record)) ?? null),
    valueBase64: value?.toString('base64') ?? null,
    headers: Object.fromEntries(headers.map(([name, text]) => [name, text?.toString() ?? null])),
    retried: ledger?.has({ ...said, timestamp }) ?? null,
    reject: at,
  }
}

async function keyText(
  key: Buffer,
  headers: RecordBytes['headers'],
  decoder: Decoder | undefined,
): Promise<string> {
  const text = decoder === undefined ? key.toString() : await readKey(key, headers, decoder)
  return text !== undefined && isClean(text) ? text : `0x${key.toString('hex')}`
}

async function readKey(
  key: Buffer,
  headers: RecordBytes['headers'],
  { keyFormat, keys }: Decoder,
): Promise<string | undefined> {
  if (keyFormat === 'bytes') return undefined
  const text = keyTextOf(keys, key, headers)
  if (text !== undefined || keys.reason !== null) return text
  await loadKey(keys, key, headers)
  return keyTextOf(keys, key, headers)
}

/** Text that a terminal shows as it is: nothing that was not UTF-8, no control characters. */
const isClean = (text: string): boolean => !/[\p{Cc}\ufffd]/u.test(text)

function textOf(reject: Reject): string {
  const { topic, partition, offset, timestamp, reason, stage, error, headers } = reject
  const { rejectedAt, omitted, retries, retried } = reject
  // A joined record that is too large has no offset of its own.
  const where = offset < 0 ? `${topic}-${partition}` : `${topic}-${partition} @ ${offset}`
  const lines = [
    `${styled('bold', where)}  ${styled('red', reason)} (${stage})  ${timestamp}`,
    `  ${error}`,
    `  key    ${reject.key ?? 'none'}`,
    `  value  ${valueText(reject)}`,
    `  rejected ${rejectedAt}${retried ? ', and retried since' : ''}`,
  ]
  if (omitted !== null) lines.push(`  left out ${omitted}`)
  if (retries > 0) lines.push(`  retried ${plural(retries, 'time')} before`)
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
