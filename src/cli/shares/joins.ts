/** Takes facts through the joins, in their order: a later one may compare what an earlier one has found. */
import type { Broker } from '../../broker/port.ts'
import { type BackBounds, readBack } from '../../broker/read-back.ts'
import { leftPart } from '../../config/join-stages.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import type { Finding } from '../checks/finding.ts'
import { checkJoined, isWithin, type LeftRecord } from '../checks/joined.ts'
import { KeyHunt } from '../checks/key-hunt.ts'
import type { Derivable } from '../checks/misses.ts'
import { progress } from '../terminal.ts'
import type { FoundOf } from './look-ups.ts'
import { type ReadRecord, recordOf, textOf } from './records.ts'
import type { Shared } from './shared.ts'

const BOUNDS: BackBounds = { offsets: 2000, records: 200_000, bytes: 256 << 20, ms: 20_000 }

export async function takeJoins(
  shared: Shared,
  broker: Broker,
  facts: readonly ReadRecord[],
  rows: FoundOf,
): Promise<Finding[]> {
  const { pipeline, there } = shared
  const findings: Finding[] = []
  /** Of each join what each fact was matched with. */
  const matched: (readonly (ReadRecord | null)[])[] = []
  let times = facts.map(({ time }) => time)
  const bar = progress('Looking for matches', pipeline.joins.length)
  for (const [j, { topic }] of pipeline.joins.entries()) {
    const texts = leftTexts(shared, j, facts, rows, matched)
    const timed = texts?.map((text, f): LeftRecord => ({ text, time: times[f] }))
    if (!there.has(topic) || timed === undefined) {
      matched.push(facts.map(() => null))
      continue
    }
    const lefts = timed.filter(({ time }) => !Number.isNaN(time))
    const taken = await takeJoin(shared, broker, j, lefts, facts)
    findings.push(...taken.findings)
    matched.push(timed.map((left) => matchOf(pipeline.joins[j], taken.rights, left)))
    // A match has the later one of its two times.
    times = times.map((time, f) => Math.max(time, matched[j][f]?.time ?? time))
    bar.at(j + 1)
  }
  bar.end()
  return findings
}

/** What the facts are compared by; undefined: it is of a dimension of which nothing was read. */
function leftTexts(
  { pipeline, readers }: Shared,
  j: number,
  facts: readonly ReadRecord[],
  rows: FoundOf,
  matched: readonly (readonly (ReadRecord | null)[])[],
): (string | null)[] | undefined {
  const { join, dimension, field } = leftPart(pipeline, j)
  if (join !== null) {
    return matched[join].map((right) => right && textOf(readers[1 + join], right, field))
  }
  if (dimension === null) return facts.map((fact) => textOf(readers[0], fact, field))
  const d = pipeline.dimensions.findIndex(({ name }) => name === dimension)
  const reader = readers[sourcesOf(pipeline).length + d]
  return rows[d]?.map((row) => row && textOf(reader, row, field))
}

interface Window {
  readonly beforeMs: number
  readonly afterMs: number
}

function matchOf(
  join: Window,
  rights: ReadonlyMap<string, readonly ReadRecord[]>,
  { text, time }: LeftRecord,
): ReadRecord | null {
  const found = text === null ? [] : (rights.get(text) ?? [])
  return found.find((right) => isWithin(join, time, right.time)) ?? null
}

async function takeJoin(
  { pipeline, readers }: Shared,
  broker: Broker,
  j: number,
  lefts: readonly LeftRecord[],
  facts: readonly ReadRecord[],
) {
  const join = pipeline.joins[j]
  const { topic, onLeft: on, onRight, beforeMs } = join
  const reader = readers[1 + j]
  const part = leftPart(pipeline, j)
  const texts = lefts.map(({ text }) => text)
  const wanted = new Set(texts)
  const isOfFact = part.join === null && part.dimension === null
  const fields = new Map(
    readers[0].paths
      .map((path, k) => [path, facts.map((fact) => fact.texts[k])] as const)
      .filter(([path]) => !isOfFact || path !== part.field),
  )
  const hunt = new KeyHunt({ texts, keyFormat: null, isComposite: false, fields })
  const rights = new Map<string, ReadRecord[]>()
  const earliest = Math.min(...lefts.map(({ time }) => time)) - beforeMs
  let span: [number, number] | null = null
  const seen = await readBack(broker, topic, BOUNDS, async (records) => {
    let latest = Number.NEGATIVE_INFINITY
    for (const record of records) {
      const right = await recordOf(join, reader, record)
      if (right === undefined || Number.isNaN(right.time)) continue
      latest = Math.max(latest, right.time)
      const [first, last]: readonly [number, number] = span ?? [right.time, right.time]
      span = [Math.min(first, right.time), Math.max(last, right.time)]
      const text = textOf(reader, right, onRight)
      if (text === null) continue
      hunt.see(Buffer.from(text), text)
      if (!wanted.has(text)) continue
      const known = rights.get(text)
      if (known === undefined) rights.set(text, [right])
      else known.push(right)
    }
    const isAll = lefts.every((left) => left.text === null || matchOf(join, rights, left) !== null)
    return isAll || (rights.size > 0 && latest < earliest)
  })
  const type = isOfFact ? (readers[0].types[readers[0].paths.indexOf(part.field)] ?? '') : ''
  const findings = checkJoined({
    ...{ join, lefts, span, hunt, seen, on, type, topic, keyFormat: null, isComposite: false },
    times: new Map([...rights].map(([text, all]) => [text, all.map(({ time }) => time)])),
    derivable:
      isOfFact && readers[0].isDeclared ? derivableOf(on, onRight, readers[0].paths) : null,
  })
  return { findings, rights }
}

const derivableOf = (field: string, right: string, names: readonly string[]): Derivable => ({
  block: 'facts',
  field,
  names,
  line: (name) => `on: { left: ${name}, right: ${right} } with repartition: facts`,
})
