/** The part of `check` that is about where keys lie: whether records of one key meet. */
import type { TopicRecord } from '../broker/read-topic.ts'
import type { KeyReader, PipelineCodec } from '../codec/port.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { repartitioned, repartitionWith, sourcesOf } from '../config/topic-names.ts'
import { formOf, schemaIdOf } from '../plan/key-forms.ts'
import type { Finding } from './checks/finding.ts'
import { checkBesideRepartition, checkKeyHash, type KeySample } from './checks/keys.ts'
import { readKey } from './checks/values.ts'
import { withRegistry } from './compile.ts'

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
