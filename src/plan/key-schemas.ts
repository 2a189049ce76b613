/** What the registry says of Avro keys before the first one comes: the latest schema under `<topic>-key`. */

import { keyPlanFor } from '../codec/key-plan.ts'
import type { Registry } from '../codec/registry.ts'
import { keyNames } from '../config/look-ups.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { inputsOf } from '../config/topic-names.ts'
import { EnricherError } from '../errors.ts'
import { planOf } from './plan.ts'

export interface KeySchema {
  readonly topic: string
  readonly id: number
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
      if (registry === null || keyFormat !== 'avro' || !isRead(i)) return undefined
      if (frame === 'none') return undefined
      const latest = await registry.latestIfAny(`${topic}-key`)
      if (latest === undefined) return undefined
      const names = 'parts' in config ? keyNames(config) : null
      const plan =
        latest.schema === null ? 'it is not an Avro schema' : keyPlanFor(latest.schema, names)
      return { topic, ...latest, fault: typeof plan === 'string' ? plan : null }
    }),
  )
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

export const keyFaultText = ({ topic, id, fault }: KeySchema): string =>
  `the keys of ${topic} (schema ${id}, the latest of ${topic}-key) cannot be read: ${fault}`
