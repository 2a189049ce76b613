/** Whether the stored window can be gone on with, and with which schemas. */
import type { NewerSchema } from '../../plan/compile.ts'
import { type KeySchemas, keyFaultText } from '../../plan/key-schemas.ts'
import { type Finding, fail, warn } from './finding.ts'

export const RESET = 'give the pipeline another name, or run `stream-enricher reset`'

/**
 * @param stored layouts of the changelog's epochs
 * @param layout of the pipeline as it is now
 */
export function checkStored(
  stored: readonly string[],
  layout: string,
  newer: readonly NewerSchema[],
): Finding[] {
  const changed =
    'the changelog has the window of another pipeline (fields, schemas or window differ): the start would end with STATE_LAYOUT_CHANGED'
  return [
    ...(stored.some((other) => other !== layout) ? [fail('window', changed, RESET)] : []),
    ...newer.map((schema) => warn('schemas', newerSchemaText(schema), `to take it, ${RESET}`)),
  ]
}

export function newerSchemaText({ topic, id, latestId, fault }: NewerSchema): string {
  const newer = latestId < 0 ? 'no schema that can be used' : `a newer schema (id ${latestId})`
  const kept = `${topic} has ${newer} and is read ${id === 0 ? 'without one, as the window was stored' : `with ${id}, which the window was stored with`}`
  if (latestId < 0) return `${kept} (${fault})`
  return fault === null
    ? `${kept}: new fields are not read`
    : `${kept}: what is written with the newer one is rejected (${fault})`
}

/** Tells of keys whose schema has changed since the pipeline began to run. */
export const checkKeySchemas = (keys: KeySchemas): Finding[] =>
  keys.flatMap((key) =>
    key === undefined || key.fault === null
      ? []
      : [
          warn(
            'schemas',
            `${keyFaultText(key)}; such records are rejected as bad_key`,
            `write the keys of ${key.topic} as before`,
          ),
        ],
  )
