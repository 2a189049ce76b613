/** Streams of the model's records through a simulation of a pipeline: task, dimension, window and stores. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import { type Output, Simulation } from '../../../../src/cli/simulate/simulation.ts'
import { comesOutAlone } from '../../../../src/config/join-kind.ts'
import { parsePipeline } from '../../../../src/config/load.ts'
import type { JoinConfig, Pipeline } from '../../../../src/config/pipeline.ts'
import {
  createPipelineCodec,
  outputFrame,
  readSchemas,
} from '../../../../src/plan/pipeline-codec.ts'
import { LEFT, type ModelTimes } from '../../../window/model.ts'
import { NOON, type StreamRecord, type StreamStep } from '../../../window/random-streams.ts'

const DAY_MS = 86_400_000
/** After this long without input all windows close; no stream is that long. */
const IDLE = '7d'
export const SILENCE_MS = 8 * DAY_MS

const file = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const typeOf = (name: string): avsc.Type =>
  avsc.Type.forSchema(JSON.parse(readFileSync(file(name), 'utf8')))
const [factType, rightType, rowType, keyedRowType] = [
  'fact.avsc',
  'right.avsc',
  'dimension.avsc',
  'keyed-dimension.avsc',
].map(typeOf)

/** Facts are joined by a column of their rows: of the row of each key, the column. */
export interface ByColumn {
  readonly column: Readonly<Record<string, string | null>>
}

/** Which sides are keyed otherwise; `derived`: both are joined by derived fields. */
export type KeyedOtherwise = JoinConfig['repartition'] | 'derived' | ByColumn

export const isByColumn = (keyed: KeyedOtherwise): keyed is ByColumn =>
  typeof keyed === 'object' && keyed !== null

/** @param timeField whether the field `at` has the event time, and not the record's timestamp */
export function joinPipeline(
  times: ModelTimes,
  timeField: boolean,
  keyed: KeyedOtherwise = null,
): Pipeline {
  const { beforeMs, afterMs, graceMs, kind, late } = times
  const time = timeField ? ', time: at' : ''
  const lateness = late === undefined ? '' : `, late: { left: ${late[0]}, right: ${late[1]} }`
  const isColumn = isByColumn(keyed)
  const sides = isColumn ? 'facts' : keyed === 'derived' ? 'both' : keyed
  const through = sides === null ? '' : `, repartition: ${sides}`
  const on = isColumn
    ? '{ left: d.k, right: k }'
    : keyed === 'derived'
      ? '{ left: by, right: its }'
      : 'k'
  const fields = (name: string): string =>
    keyed === 'derived' ? `, fields: { ${name}: 'k + "!"' }` : ''
  const dimension = isColumn
    ? 'schema: keyed-dimension.avsc, on: d, select: [title]'
    : 'schema: dimension.avsc, on: d'
  const text = `
name: join
kafka: { brokers: "localhost:1" }
facts: { topic: facts, schema: fact.avsc${time}${fields('by')} }
dimensions:
  d: { topic: rows, ${dimension}, missing: reject }
join:
  { topic: right, schema: right.avsc${time}${fields('its')}, on: ${on}, within: { before: ${beforeMs}ms, after: ${afterMs}ms },
    grace: ${graceMs}ms, kind: ${kind}, idle: ${IDLE}, select: [right]${lateness}${through} }
output: { topic: joined, schemaId: 1 }
`
  return parsePipeline(text, file('pipeline.yaml'), {})
}

/** The same facts and rows, joined with nothing. */
export function enrichPipeline(topic = 'facts'): Pipeline {
  const text = `
name: join
kafka: { brokers: "localhost:1" }
facts: { topic: ${topic}, schema: fact.avsc }
dimensions:
  d: { topic: rows, schema: dimension.avsc, on: d, missing: reject }
output: { topic: joined, schemaId: 1 }
`
  return parsePipeline(text, file('pipeline.yaml'), {})
}

export const FRAME = outputFrame(0)
/** The value of a row of the dimension. */
export const rowBytes = (title: string): Buffer => rowType.toBuffer({ title })
const ROW = rowBytes('row')
/** The row as a table has it: where a right record comes out without a fact its columns are nullable. */
export const storedRow = (join: Pick<ModelTimes, 'kind'> | null): Buffer =>
  join !== null && comesOutAlone(join.kind, 'right') ? Buffer.concat([Buffer.from([2]), ROW]) : ROW

/** The rows of the dimension, framed, by their keys: one that all facts find, or one for each key of theirs. */
export const givenRows = (keyed: KeyedOtherwise): ReadonlyMap<string, Buffer> =>
  isByColumn(keyed)
    ? new Map(
        Object.entries(keyed.column).map(([key, k]) => [
          `row of ${key}`,
          Buffer.concat([FRAME, keyedRowType.toBuffer({ title: 'row', k })]),
        ]),
      )
    : new Map([['here', Buffer.concat([FRAME, ROW])]])

/** Records as the model is to join them: facts by their column, and those that have none meet nothing. */
export const joinedBy = (
  keyed: KeyedOtherwise,
  records: readonly StreamRecord[],
): readonly StreamRecord[] =>
  isByColumn(keyed)
    ? records.map((record) =>
        record.side === LEFT
          ? { ...record, key: keyed.column[record.key] ?? `none of ${record.id}` }
          : record,
      )
    : records

/** The value of a fact that is joined by a column of its row. @param of which of the key's rows that is: see `givenRows` */
export const columnFactBytes = ({ id, key }: StreamRecord, of = ''): Buffer =>
  Buffer.concat([
    FRAME,
    factType.toBuffer({ k: null, fact: id, at: null, d: `${of}row of ${key}` }),
  ])

/** The value of a fact that is joined with the row of a key. */
export const factBytes = (fact: number, d: string): Buffer =>
  Buffer.concat([FRAME, factType.toBuffer({ k: null, fact, at: null, d })])

/** Key and value of a record, with its fault in them. @param row of a fact: the key of its dimension's row */
export function recordBytes(
  record: StreamRecord,
  row = 'here',
): { key: Buffer | null; value: Buffer | null } {
  const { side, key, id, time, fault } = record
  const k = fault === 'null_field' ? null : key
  const at = fault === 'null_time' ? null : fault === 'future_time' ? time + 365 * DAY_MS : time
  const fields =
    side === LEFT
      ? { k, fact: id, at, d: fault === 'missing_dimension' ? 'nowhere' : row }
      : { k, right: id, at }
  const body =
    fault === 'malformed' ? [0xff] : (side === LEFT ? factType : rightType).toBuffer(fields)
  return {
    key: fault === 'null_key' ? null : Buffer.from(fault === 'key_mismatch' ? `not ${key}` : key),
    value: fault === 'null_value' ? null : Buffer.concat([FRAME, Buffer.from(body)]),
  }
}

export class SimulatedJoin {
  readonly simulation: Simulation
  readonly #keyed: KeyedOtherwise

  private constructor(simulation: Simulation, keyed: KeyedOtherwise) {
    this.simulation = simulation
    this.#keyed = keyed
  }

  /** @param provenance whether headers say what records were made of */
  static async open(
    times: ModelTimes,
    timeField: boolean,
    keyed: KeyedOtherwise = null,
    provenance = false,
  ): Promise<SimulatedJoin> {
    const pipeline = { ...joinPipeline(times, timeField, keyed), provenance }
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    const simulation = await Simulation.open(pipeline, codec, NOON)
    for (const [key, value] of givenRows(keyed)) {
      const record = { key: Buffer.from(key), value, headers: [], timestamp: NOON }
      await simulation.take({ kind: 'row', dimension: 0, record })
    }
    return new SimulatedJoin(simulation, keyed)
  }

  async take(step: StreamStep): Promise<void> {
    if (step === 'silence') return this.simulation.take({ kind: 'wait', ms: SILENCE_MS })
    const { side, time, fault } = step
    // A time that is ahead of the clock must not move it.
    const timestamp = fault === 'future_time' ? undefined : time
    const headers = [['record', Buffer.from(String(step.id))]] as const
    const bytes = recordBytes(step)
    if (isByColumn(this.#keyed) && side === LEFT) {
      bytes.value = columnFactBytes(step)
    }
    const record = { ...bytes, headers, timestamp }
    await this.simulation.take({ kind: side === LEFT ? 'fact' : 'right', record })
  }

  /** Those that have come out until now, as the model writes them. */
  get rows(): string[] {
    const { outputs, unmatched } = this.simulation.effects
    return [...outputs, ...unmatched].map(({ value }) => rowOf(value))
  }

  /** With key and timestamp. */
  get outputs(): readonly Output[] {
    const { outputs, unmatched } = this.simulation.effects
    return [...outputs, ...unmatched]
  }

  async close(): Promise<void> {
    await this.simulation.close()
  }
}

export function rowOf(value: Output['value']): string {
  assert.equal(value.title, value.fact === null ? null : 'row')
  return `${value.fact ?? ''}-${value.right ?? ''}`
}
