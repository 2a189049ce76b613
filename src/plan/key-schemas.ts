/** What the registry says of keys before the first one comes: the latest schema under `<topic>-key`. Of Protobuf keys a file may say it. */
import { keyPlanFor } from '../codec/keys/plan.ts'
import { messageKeyPlan } from '../codec/protobuf/key-plans.ts'
import { readFile, readText } from '../codec/protobuf/schema.ts'
import type { Registry } from '../codec/registry/registry.ts'
import { latestText } from '../codec/registry/schema-text.ts'
import { keyNames } from '../config/look-ups.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { inputsOf } from '../config/topic-names.ts'
import { EnricherError, messageOf } from '../errors.ts'
import { planOf } from './plan.ts'

export interface KeySchema {
  readonly topic: string
  /** 0: it is a file's. */
  readonly id: number
  /** Of Avro; null: it is of another type. */
  readonly schema: unknown
  /** Why it is no key that can be read; null: it is. */
  readonly fault: string | null
}

/** In the order of `inputTopics`; undefined: keys of another format, or that nobody reads, or a topic without such a subject. */
export type KeySchemas = readonly (KeySchema | undefined)[]

export function latestKeySchemas(
  pipeline: Pipeline,
  registry: Registry | null,
): Promise<KeySchemas> {
  const { sources } = planOf(pipeline)
  const isRead = (input: number): boolean => sources[input]?.isKeyed ?? true
  return Promise.all(
    inputsOf(pipeline).map(async ({ config }, i) => {
      const { topic, keyFormat, frame } = config
      if (!isRead(i)) return undefined
      const names = 'parts' in config ? keyNames(config) : null
      if (keyFormat === 'protobuf') return protobufKeys(config, names, registry)
      if (registry === null || keyFormat !== 'avro' || frame === 'none') return undefined
      const subject = registry.keySubjectOf(topic)
      const latest = subject === null ? undefined : await registry.latestIfAny(subject)
      if (latest === undefined) return undefined
      const plan =
        latest.schema === null ? 'it is not an Avro schema' : keyPlanFor(latest.schema, names)
      return { topic, ...latest, fault: typeof plan === 'string' ? plan : null }
    }),
  )
}

async function protobufKeys(
  { topic, keySchema }: TopicConfig,
  names: readonly string[] | null,
  registry: Registry | null,
): Promise<KeySchema | undefined> {
  const latest =
    keySchema === null ? await latestText(registry!, registry!.keySubjectOf(topic)!) : undefined
  if (keySchema === null && latest === undefined) return undefined
  const of = { topic, id: latest?.id ?? 0, schema: null }
  try {
    const file = await (latest === undefined ? readFile(keySchema!) : readText(latest))
    const plan = messageKeyPlan(file, file.messages[0].message, names)
    return { ...of, fault: typeof plan === 'string' ? plan : null }
  } catch (error) {
    return { ...of, fault: messageOf(error) }
  }
}

/** Throws SCHEMA_INVALID, with the place of each topic whose keys cannot be read. */
export function refuseKeys(pipeline: Pipeline, keys: KeySchemas): void {
  const inputs = inputsOf(pipeline)
  const faults = keys.flatMap((key, i) =>
    key === undefined || key.fault === null
      ? []
      : [`${placeOf(pipeline, [...inputs[i].path, 'keyFormat'])}: ${keyFaultText(key)}`],
  )
  if (faults.length > 0) throw new EnricherError('SCHEMA_INVALID', faults.join('\n'))
}

export const keyFaultText = ({ topic, id, fault }: KeySchema): string => {
  const schema = id === 0 ? 'of keySchema' : `schema ${id}, the latest of ${topic}-key`
  return `the keys of ${topic} (${schema}) cannot be read: ${fault}`
}
