/** The part of `check` that is about keys: whether records of one key meet, and whether facts find their rows. */
import type { Broker } from '../broker/port.ts'
import { lastRanges, type Range, readTopic, type TopicRecord } from '../broker/read-topic.ts'
import { compositeTextOf } from '../codec/keys/composite-text.ts'
import { keyTextOf } from '../codec/keys/keys.ts'
import { type KeyReader, OTHER_TYPE, type PipelineCodec, type TopicCodec } from '../codec/port.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { repartitioned, repartitionWith, sourcesOf } from '../config/topic-names.ts'
import { formOf, schemaIdOf } from '../plan/key-forms.ts'
import { factKeys, type LookUp, planOf } from '../plan/plan.ts'
import type { Finding } from './checks/finding.ts'
import { checkJoinColumn } from './checks/join-column.ts'
import { checkBesideRepartition, checkKeyHash, type KeySample } from './checks/keys.ts'
import { checkLookUps, type RowKeys } from './checks/look-ups.ts'
import { isPassedOver, keyInValue, readKey, readValue } from './checks/values.ts'
import { withRegistry } from './compile.ts'
import { progress } from './terminal.ts'

/** So many records, and bytes, of a dimension are looked through for the facts' rows. */
const MOST_ROWS = 200_000
const MOST_BYTES = 64 * 1024 * 1024
/** The last facts that look their rows up. */
const FACTS = 400
/** The last keys of a dimension, to see what they look like. */
const KEPT = 2000
/** Schemas of keys that are compared. */
const MOST_SCHEMAS = 10

/**
 * Nothing where nothing is joined: no record has to meet another.
 * @param codec undefined: the schemas cannot be used, so keys are compared by their bytes
 */
export async function checkHash(
  pipeline: Pipeline,
  codec: PipelineCodec | undefined,
  partitions: (topic: string) => number,
  samples: ReadonlyMap<string, readonly TopicRecord[]>,
): Promise<Finding[]> {
  const through = repartitioned(pipeline).map(({ side }) => side)
  const [left, ...rights] = await Promise.all(
    sourcesOf(pipeline).map(({ config }, s) => {
      if (through.includes(s)) return undefined

      const records = samples.get(config.topic)
      const count = partitions(config.topic)
      return records && keySample(config, count, records, codec?.sources[s].key)
    }),
  )
  if (through.length > 0) {
    return [left, ...rights].flatMap((one, source) => {
      const join = pipeline.joins[Math.max(0, source - 1)]
      const line = `\`repartition: ${repartitionWith(join, source)}\` under \`${join.path.join('.')}\``
      return one === undefined ? [] : checkBesideRepartition(one, line)
    })
  }
  if (left === undefined) return []
  const findings: Finding[] = []
  for (const right of rights) {
    if (right === undefined) continue
    const forms = [left, right].flatMap(({ records }) => records.flatMap(({ form }) => form ?? []))
    const ids = [...new Set(forms)].flatMap((form) => schemaIdOf(form) ?? [])
    const schemas = await keySchemas(pipeline, ids.slice(0, MOST_SCHEMAS))
    findings.push(...checkKeyHash(left, right, schemas))
  }
  return findings
}

async function keySample(
  { topic, keyFormat }: TopicConfig,
  partitions: number,
  records: readonly TopicRecord[],
  reader: KeyReader | undefined,
): Promise<KeySample> {
  const keys: KeySample['records'][number][] = []
  for (const record of records) {
    const { partition, key } = record
    const read = reader && (await readKey(reader, record))
    const text = Buffer.isBuffer(read) ? Buffer.from(read) : null
    const form = text === null || key === null ? null : formOf(keyFormat, key, text)
    keys.push({ partition, key, text, form })
  }
  return { topic, partitions, records: keys }
}

function keySchemas(pipeline: Pipeline, ids: readonly number[]): Promise<Map<number, unknown>> {
  return withRegistry(pipeline, async (registry) => {
    const schemas = new Map<number, unknown>()
    if (registry === null || ids.length < 2) return schemas
    for (const id of ids) schemas.set(id, await registry.byId(id))
    return schemas
  })
}

/** Takes the last facts through the look-ups, level by level: the rows of one may have what the next one is looked up by. */
export async function checkDimensionKeys(
  pipeline: Pipeline,
  codec: PipelineCodec,
  broker: Broker,
  samples: ReadonlyMap<string, readonly TopicRecord[]>,
): Promise<Finding[]> {
  const { lookUps, stages } = planOf(pipeline)
  const facts = samples.get(pipeline.facts.topic)
  const there = pipeline.dimensions.filter(({ topic }) => samples.has(topic))
  if (facts === undefined || facts.length === 0 || there.length === 0) return []
  const last = [...facts].sort((a, b) => a.timestamp - b.timestamp).slice(-FACTS)
  const keys = await keyTextsOf(codec.sources[0].values, last, factKeys(pipeline).length)
  const looked = lookUps.map((): LookedUp | undefined => undefined)
  const findings: Finding[][] = lookUps.map(() => [])
  const bar = progress('Looking facts up', there.length)
  const inTurn = [...lookUps.keys()].sort((a, b) => lookUps[a].level - lookUps[b].level)
  for (const d of inTurn) {
    const { name, topic, keyFormat, on, parts } = pipeline.dimensions[d]
    const texts = textsOf(lookUps[d], keys, looked)
    if (!samples.has(topic) || texts === undefined) continue
    const ranges = await rangesOf(broker, topic, samples.get(topic)!)
    const key = { key: codec.dimensionKeys[d], keyFormat }
    const wanted = new Set(texts)
    const { records, ...found } = await (key.key.readValue === undefined
      ? rowKeys(broker, topic, ranges, key, wanted)
      : keysInValues(broker, topic, ranges, key.key, codec.dimensions[d], wanted))
    if (pipeline.dimensions[d].envelope !== null) {
      for (const [text, record] of records) {
        if (await isOfNoRow(codec.dimensions[d], record)) found.rows.set(text, false)
      }
    }
    looked[d] = { texts, rows: await rowTexts(pipeline, codec, d, records) }
    const { isWhole: isReadWhole, all } = ranges
    const isComposite = parts.length > 1
    findings[d] = checkLookUps({
      ...found,
      ...{ name, topic, keyFormat, isComposite, on, isReadWhole, all, texts },
    })
    bar.at(looked.filter((one) => one !== undefined).length)
  }
  bar.end()
  const through = stages.find(({ to }) => to?.isPrepared === true)?.to ?? null
  const joined = through === null ? undefined : textsOf({ parts: [through.key] }, keys, looked)
  const ofJoin = joined === undefined ? [] : [checkJoinColumn(through!, joined)]
  return [...findings.flat(), ...ofJoin]
}

/** What was looked up for each fact, and of the rows that were found what others are looked up by. */
interface LookedUp {
  readonly texts: readonly (string | null)[]
  readonly rows: ReadonlyMap<string, readonly (string | null)[]>
}

/** What each fact looks up; undefined: it hangs on a look-up of which nothing was read. */
function textsOf(
  { parts }: Pick<LookUp, 'parts'>,
  facts: readonly (readonly (string | null)[])[],
  looked: readonly (LookedUp | undefined)[],
): (string | null)[] | undefined {
  if (parts.some(({ lookUp }) => lookUp >= 0 && looked[lookUp] === undefined)) return undefined
  return facts.map((keys, f) => {
    const texts = parts.map(({ lookUp, key }) => {
      if (lookUp < 0) return keys[key]
      const { texts, rows } = looked[lookUp]!
      return rows.get(texts[f] ?? '')?.[key] ?? null
    })
    const named = texts.filter((text) => text !== null)
    if (named.length < texts.length) return null
    return named.length === 1 ? named[0] : compositeTextOf(named)
  })
}

/** The key fields of each record that can be read. */
async function keyTextsOf(
  codec: TopicCodec,
  records: readonly TopicRecord[],
  count: number,
): Promise<(string | null)[][]> {
  const texts: (string | null)[][] = []
  for (const record of records) {
    const value = await readValue(codec, record)
    if (isPassedOver(value) || 'reason' in value) continue
    texts.push(
      Array.from({ length: count }, (_, k) => {
        const end = value.keyEnd(k)
        return end < 0 ? null : value.keyBuffer(k).toString('utf8', value.keyStart(k), end)
      }),
    )
  }
  return texts
}

/** By their keys, of the rows that can be read: the fields that others are looked up by. */
async function rowTexts(
  pipeline: Pipeline,
  codec: PipelineCodec,
  d: number,
  records: ReadonlyMap<string, TopicRecord>,
): Promise<Map<string, (string | null)[]>> {
  const { tables, lookUps } = planOf(pipeline)
  const count = tables[lookUps[d].table].texts.length
  const found = new Map<string, (string | null)[]>()
  for (const [key, record] of count === 0 ? [] : records) {
    const [texts] =
      record.value === null ? [] : await keyTextsOf(codec.dimensions[d], [record], count)
    if (texts !== undefined) found.set(key, texts)
  }
  return found
}

interface Ranges {
  readonly read: readonly Range[]
  /** Offsets that the topic has. */
  readonly all: number
  readonly isWhole: boolean
}

/** All of a topic, or the end of each partition where that is too much. */
async function rangesOf(
  broker: Broker,
  topic: string,
  sample: readonly TopicRecord[],
): Promise<Ranges> {
  const whole = await lastRanges(broker, topic, Number.POSITIVE_INFINITY)
  const bytes = sample.reduce((sum, { value }) => sum + (value?.length ?? 0), 0)
  const rows = Math.min(MOST_ROWS, (MOST_BYTES * sample.length) / Math.max(1, bytes))
  const most = Math.ceil(rows / Math.max(1, whole.length))
  const read = whole.map((range) => ({ ...range, from: Math.max(range.from, range.to - most) }))
  const all = whole.reduce((sum, { from, to }) => sum + to - from, 0)
  return { read, all, isWhole: read.every(({ from }, i) => from === whole[i].from) }
}

interface FoundKeys extends RowKeys {
  readonly rows: Map<string, boolean>
  /** The last one of each key that is wanted. */
  readonly records: ReadonlyMap<string, TopicRecord>
}

const isOfNoRow = async (codec: TopicCodec, record: TopicRecord): Promise<boolean> =>
  record.value === null || isPassedOver(await readValue(codec, record))

/** Of rows whose key is in their values. @param wanted the texts that are looked up */
async function keysInValues(
  broker: Broker,
  topic: string,
  { read: ranges }: Ranges,
  key: KeyReader,
  codec: TopicCodec,
  wanted: ReadonlySet<string | null>,
): Promise<FoundKeys> {
  const all: TopicRecord[] = []
  await readTopic(broker, topic, ranges, (record) => all.push(record))
  const keys: Buffer[] = []
  const records = new Map<string, TopicRecord>()
  for (const record of all) {
    const value = record.value === null ? OTHER_TYPE : await readValue(codec, record)
    if (isPassedOver(value) || 'reason' in value) continue
    const text = keyInValue(key, value)
    if (!Buffer.isBuffer(text)) continue
    if (wanted.has(text.toString())) records.set(text.toString(), record)
    keys.push(Buffer.from(text))
  }
  const rows = new Map([...records.keys()].map((text) => [text, true]))
  return { keys: keys.slice(-KEPT), rows, read: all.length, records }
}

/** @param wanted the texts that are looked up */
async function rowKeys(
  broker: Broker,
  topic: string,
  { read: ranges }: Ranges,
  { key: reader }: { readonly key: KeyReader },
  wanted: ReadonlySet<string | null>,
): Promise<FoundKeys> {
  const keys: Buffer[] = []
  /** The last one of each key that is wanted. */
  const records = new Map<string, TopicRecord>()
  /** The schema of their key has to be loaded first. */
  const later: TopicRecord[] = []
  let read = 0
  const take = (record: TopicRecord, key: Buffer): void => {
    const text = keyTextOf(reader, key, record.headers)
    if (text === undefined && reader.reason === null) later.push(record)
    else if (text !== undefined && wanted.has(text)) records.set(text, record)
  }
  await readTopic(broker, topic, ranges, (record) => {
    read++
    if (record.key === null) return
    keys.push(record.key)
    if (keys.length > 2 * KEPT) keys.splice(0, KEPT)
    take(record, record.key)
  })
  for (const record of later.splice(0)) {
    await readKey(reader, record)
    take(record, record.key!)
  }
  const rows = new Map([...records].map(([text, { value }]) => [text, value !== null]))
  return { keys, rows, read, records }
}
