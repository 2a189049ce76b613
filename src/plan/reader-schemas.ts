/** Which schemas a start reads with, where the window was stored by an earlier one. */

import type { Registry } from '../codec/registry/registry.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { inputsOf } from '../config/topic-names.ts'
import { codeOf } from '../errors.ts'
import { FORMATS } from './formats.ts'
import type { KeptFiles } from './kept-files.ts'
import {
  type Derived,
  derive,
  isUsable,
  type LatestSchema,
  type ReaderSchemas,
  topicSchemas,
  usableSchemas,
} from './pipeline-codec.ts'
import { namedMembers } from './undeclared.ts'
import type { ReaderSchema } from './value-format.ts'

/** The schemas that have these ids; that of a file stays what it is now. undefined: the registry has one of them no more. */
export async function recordedSchemas(
  ids: readonly number[],
  latest: readonly LatestSchema[],
  pipeline: Pipeline,
  registry: Registry | null,
): Promise<ReaderSchemas | undefined> {
  if (registry === null) return usableSchemas(latest)
  if (ids.length !== latest.length) return undefined
  const inputs = inputsOf(pipeline)
  const members = namedMembers(pipeline)
  const found = await Promise.all(
    latest.map(async (newest, i) => {
      const topic = inputs[i].config
      const { recorded, undeclared } = FORMATS[topic.format]
      if (topic.schema !== null || newest.id === ids[i]) {
        return isUsable(newest) ? newest : undefined
      }
      if (ids[i] !== 0) return recorded(topic, ids[i], registry)
      // There was a file, or nothing: the registry had no schema yet.
      if (undeclared !== undefined) return undeclared(topic, members[i])
      return isUsable(newest) ? newest : undefined
    }),
  )
  const schemas = found.filter((one): one is ReaderSchema => !!one)
  return schemas.length === found.length ? schemas : undefined
}

/**
 * What to read with, so that the layout is `layout`: the recorded schemas, and of each topic the latest
 * where that leaves layout and output as they are. Without recorded ones that give it, the latest;
 * undefined: neither does, so the pipeline itself has changed.
 */
export function schemasFor(
  layout: string,
  pipeline: Pipeline,
  latest: readonly LatestSchema[],
  recorded: ReaderSchemas | undefined,
  kept: KeptFiles = [],
): ReaderSchemas | undefined {
  const derived = (schemas: ReaderSchemas): Derived | undefined => {
    const of = derivedFrom(pipeline, schemas, kept)
    return of?.layouts.includes(layout) ? of : undefined
  }
  const newest = latest.every(isUsable) ? latest : undefined
  const before = recorded && derived(recorded)
  if (!recorded || !before) return newest && derived(newest) && newest
  // The output stays as it is registered: in its docs and defaults, too.
  const fits = (schemas: ReaderSchemas): boolean =>
    derived(schemas)?.outputSchema === before.outputSchema
  if (newest && fits(newest)) return newest
  return latest.reduce<ReaderSchemas>((chosen, one, i) => {
    if (!isUsable(one)) return chosen
    const newer = chosen.with(i, one)
    return fits(newer) ? newer : chosen
  }, recorded)
}

/** undefined: nothing can be read with them, a field that is selected is not there for instance. */
export function derivedFrom(
  pipeline: Pipeline,
  schemas: ReaderSchemas,
  kept: KeptFiles = [],
): Derived | undefined {
  try {
    return derive(pipeline, topicSchemas(pipeline, schemas), kept)
  } catch (error) {
    if (codeOf(error) !== 'SCHEMA_INVALID') throw error
    return undefined
  }
}
