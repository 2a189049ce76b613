/** Whether the stored window can be gone on with, and with which schemas. */
import { EnricherError } from '../../errors.ts'
import type { Compiled, NewerSchema } from '../../plan/compile.ts'
import { type KeySchemas, keyFaultText } from '../../plan/key-schemas.ts'
import { type ChangelogHeaders, epochLayouts } from '../../state/stored-layout.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export const RESET = 'give the pipeline another name, or run `stream-enricher reset`'

/** Other layouts, of earlier schemas of the inputs: why what is stored in one cannot come out; null: it does. */
export type EarlierLayouts = ReadonlyMap<string, string | null>

export const EARLIER_COMES_OUT =
  'records of earlier schemas, which come out with the defaults of new fields'

/** What is stored in a layout that is not among them is of another pipeline. @param headers of each changelog */
export async function earlierLayouts(
  headers: readonly ChangelogHeaders[],
  { layout, readersOf }: Pick<Compiled, 'layout' | 'readersOf'>,
): Promise<EarlierLayouts> {
  const judged = new Map<string, string | null>()
  for (const stored of headers.flatMap(epochLayouts)) {
    if (stored.layout === layout) continue
    try {
      await readersOf(stored)
      judged.set(stored.layout, null)
    } catch (error) {
      if (!(error instanceof EnricherError) || error.code !== 'STATE_LAYOUT_CHANGED') throw error
      if ('fault' in error.fields) judged.set(stored.layout, error.message)
    }
  }
  return judged
}

/**
 * @param stored layouts of the changelog's epochs
 * @param layout of the pipeline as it is now
 */
export function checkStored(
  stored: readonly string[],
  layout: string,
  newer: readonly NewerSchema[],
  earlier: EarlierLayouts = new Map(),
): Finding[] {
  const changed =
    'the changelog has the window of another pipeline (fields, schemas or window differ): the start would end with STATE_LAYOUT_CHANGED'
  const others = stored.filter((one) => one !== layout)
  const faults = others.flatMap((one) => earlier.get(one) ?? [])
  return [
    ...(others.some((one) => !earlier.has(one)) ? [fail('window', changed, RESET)] : []),
    ...[...new Set(faults)].map((fault) => fail('window', fault, 'correct this first')),
    ...(others.some((one) => earlier.get(one) === null)
      ? [ok('window', `the changelog has ${EARLIER_COMES_OUT}`)]
      : []),
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
