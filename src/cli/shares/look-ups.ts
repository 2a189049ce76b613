/** Takes facts through the look-ups, level by level: the rows of one may have what the next one is looked up by. */
import type { Broker } from '../../broker/port.ts'
import { compositeTextOf } from '../../codec/keys/composite-text.ts'
import { keyFields } from '../../config/look-ups.ts'
import type { LookUpPart } from '../../config/pipeline.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import { type KeyPart, planOf } from '../../plan/plan.ts'
import type { Finding } from '../checks/finding.ts'
import { KeyHunt } from '../checks/key-hunt.ts'
import { checkLookUps, type RowFate } from '../checks/look-ups.ts'
import type { Derivable } from '../checks/misses.ts'
import { progress } from '../terminal.ts'
import { type ReadRecord, textOf } from './records.ts'
import { findRows, type RowVersion } from './rows.ts'
import type { Shared } from './shared.ts'

/** The rows that were found, by dimension and fact; undefined: nothing was read of the dimension. */
export type FoundOf = readonly (readonly (ReadRecord | null)[] | undefined)[]

export async function takeLookUps(
  shared: Shared,
  broker: Broker,
  facts: readonly ReadRecord[],
): Promise<{ findings: Finding[]; rows: FoundOf }> {
  const { pipeline, there } = shared
  const { lookUps } = planOf(pipeline)
  const rows = lookUps.map((): (ReadRecord | null)[] | undefined => undefined)
  const findings = lookUps.map((): Finding[] => [])
  const inTurn = [...lookUps.keys()].sort((a, b) => lookUps[a].level - lookUps[b].level)
  const bar = progress('Looking facts up', inTurn.length)
  for (const [i, d] of inTurn.entries()) {
    const texts = facts.map((_, f) => textLookedUp(shared, lookUps[d].parts, facts, rows, f))
    if (!there.has(pipeline.dimensions[d].topic) || texts.includes(undefined)) continue
    const taken = await takeLookUp(shared, broker, facts, d, texts as (string | null)[])
    rows[d] = taken.rows
    findings[d] = taken.findings
    bar.at(i + 1)
  }
  bar.end()
  return { findings: findings.flat(), rows }
}

async function takeLookUp(
  { pipeline, codec, readers }: Shared,
  broker: Broker,
  facts: readonly ReadRecord[],
  d: number,
  texts: readonly (string | null)[],
) {
  const config = pipeline.dimensions[d]
  const { name, topic, keyFormat, on, parts, asOf } = config
  const isComposite = parts.length > 1
  const isInValue = keyFields(config).length > 0
  const format = isInValue ? null : keyFormat
  const [part] = parts
  const sources = sourcesOf(pipeline).length
  const owner = part.dimension === null ? 0 : sources + dimensionOf(pipeline.dimensions, part)
  const fields = new Map(
    readers[0].paths
      .map((path, k) => [path, facts.map((fact) => fact.texts[k])] as const)
      .filter(([path]) =>
        parts.every(({ dimension, field }) => dimension !== null || field !== path),
      ),
  )
  const hunt = new KeyHunt({
    texts,
    keyFormat: format,
    isComposite,
    fields: isComposite ? new Map() : fields,
  })
  const wanted = new Map<string, number>()
  for (const [f, text] of texts.entries()) {
    if (text === null) continue
    wanted.set(text, Math.min(wanted.get(text) ?? Number.POSITIVE_INFINITY, facts[f].time))
  }
  const { versions, seen } = await findRows(broker, {
    config,
    key: codec.dimensionKeys[d],
    codec: codec.dimensions[d],
    fields: readers[sources + d],
    wanted,
    hunt,
  })
  const found = facts.map((fact, f) =>
    rowFor(versions.get(texts[f] ?? ''), asOf === null ? null : fact.time),
  )
  const { paths, types, isDeclared } = readers[owner]
  const type = isComposite ? '' : (types[paths.indexOf(part.field)] ?? '')
  const derivable: Derivable | null = isComposite || !isDeclared ? null : derivableOf(part, paths)
  const findings = checkLookUps({
    ...{ name, topic, on, type, keyFormat: format, isComposite, derivable, hunt, seen, texts },
    fates: found.map(({ fate }) => fate),
  })
  return { findings, rows: found.map(({ row }) => row) }
}

const dimensionOf = (
  dimensions: readonly { readonly name: string }[],
  { dimension }: LookUpPart,
): number => dimensions.findIndex(({ name }) => name === dimension)

const derivableOf = ({ dimension, field }: LookUpPart, names: readonly string[]): Derivable => ({
  block: dimension === null ? 'facts' : `dimensions.${dimension}`,
  field,
  names,
  line: (name) => `on: ${dimension === null ? '' : `${dimension}.`}${name}`,
})

/** @param time as of which it is looked up; null: the latest */
function rowFor(
  versions: readonly RowVersion[] | undefined,
  time: number | null,
): { row: ReadRecord | null; fate: RowFate } {
  if (versions === undefined) return { row: null, fate: 'none' }
  const valid = time === null ? versions[0] : validAt(versions, time)
  if (valid === undefined) return { row: null, fate: 'later' }
  return { row: valid.row, fate: valid.row === null ? 'gone' : 'found' }
}

/** Of two of one time the one that came later. */
const validAt = (versions: readonly RowVersion[], at: number): RowVersion | undefined =>
  versions
    .filter(({ time }) => time <= at)
    .reduce<RowVersion | undefined>(
      (best, one) => (best === undefined || one.time > best.time ? one : best),
      undefined,
    )

/** What a fact looks up; null: a part of it is, or the row that has it is missing; undefined: nothing was read of that one's dimension. */
export function textLookedUp(
  { pipeline, readers }: Pick<Shared, 'pipeline' | 'readers'>,
  parts: readonly KeyPart[],
  facts: readonly ReadRecord[],
  rows: FoundOf,
  f: number,
): string | null | undefined {
  const { tables, lookUps } = planOf(pipeline)
  const sources = sourcesOf(pipeline).length
  const texts = parts.map(({ source, lookUp, key }) => {
    if (lookUp < 0) return textOf(readers[0], facts[f], source)
    const found = rows[lookUp]
    if (found === undefined) return undefined
    const row = found[f]
    const path = tables[lookUps[lookUp].table].texts[key]
    return row && textOf(readers[sources + lookUp], row, path)
  })
  if (texts.includes(undefined)) return undefined
  const named = texts.filter((text) => text !== null)
  if (named.length < texts.length) return null
  return named.length === 1 ? named[0]! : compositeTextOf(named as string[])
}
