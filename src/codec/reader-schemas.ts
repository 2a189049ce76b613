/** Which schemas a start reads with, where the window was stored by an earlier one. */
import type { Pipeline } from '../config/pipeline.ts'
import { codeOf } from '../errors.ts'
import {
  isUsable,
  type LatestSchema,
  layoutWith,
  type ReaderSchema,
  type ReaderSchemas,
  topicSchemas,
  usableSchemas,
} from './avro.ts'
import type { AvroRecordSchema } from './avro-reader.ts'
import type { Registry } from './registry.ts'

/** Those of the ids; a file's stays what it is now. undefined: the registry has one of them no more. */
export async function recordedSchemas(
  ids: readonly number[],
  latest: readonly LatestSchema[],
  registry: Registry | null,
): Promise<ReaderSchemas | undefined> {
  if (registry === null) return usableSchemas(latest)
  if (ids.length !== latest.length) return undefined
  const found = await Promise.all(
    latest.map(async (newest, i) => {
      if (newest.id === 0 || ids[i] === 0 || newest.id === ids[i]) {
        return isUsable(newest) ? newest : undefined
      }
      const schema = await registry.byId(ids[i])
      return schema && { id: ids[i], schema: schema as AvroRecordSchema }
    }),
  )
  const schemas = found.filter((one): one is ReaderSchema => !!one)
  return schemas.length === found.length ? schemas : undefined
}

/**
 * What to read with, so that the layout is `layout`: of each topic the latest where that leaves it as it
 * is, else the recorded. undefined: neither the latest nor the recorded give it, so the pipeline itself
 * has changed.
 */
export function schemasFor(
  layout: string,
  pipeline: Pipeline,
  latest: readonly LatestSchema[],
  recorded: ReaderSchemas | undefined,
): ReaderSchemas | undefined {
  const fits = (schemas: ReaderSchemas): boolean => layoutIn(pipeline, schemas) === layout
  if (latest.every(isUsable) && fits(latest)) return latest
  if (recorded === undefined || !fits(recorded)) return undefined
  return latest.reduce<ReaderSchemas>((chosen, newest, i) => {
    if (!isUsable(newest)) return chosen
    const newer = chosen.with(i, newest)
    return fits(newer) ? newer : chosen
  }, recorded)
}

/** undefined: nothing can be read with them, a field that is selected is not there for instance. */
function layoutIn(pipeline: Pipeline, schemas: ReaderSchemas): string | undefined {
  try {
    return layoutWith(pipeline, topicSchemas(schemas))
  } catch (error) {
    if (codeOf(error) !== 'SCHEMA_INVALID') throw error
    return undefined
  }
}
