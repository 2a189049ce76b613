/** How rows are made of a topic's values: columns alone, or parts (see `codec/row/parts.ts`). */

import { schemaAt } from '../codec/avro/field-path.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema, ReaderPlan } from '../codec/avro/reader.ts'
import type { AvroType } from '../codec/avro/schema.ts'
import { timeReading } from '../codec/avro/time.ts'
import { FormerRow } from '../codec/envelope/former-row.ts'
import type { TopicCodec } from '../codec/port.ts'
import { WHOLE } from '../codec/row/parts.ts'
import { PartsCodec } from '../codec/row/parts-codec.ts'
import type { DimensionConfig, Pipeline } from '../config/pipeline.ts'
import { timedSchema } from './envelopes.ts'
import type { OutputPlan, TopicSchemas } from './output-plan.ts'
import { grouped, type TablePlan, tablesOf } from './tables.ts'

/** By dimension; those of one table have one codec. */
export interface RowCodecs {
  readonly codecs: readonly TopicCodec[]
  /** Which part of the row is the dimension's columns; WHOLE: the row is nothing else. */
  readonly parts: readonly number[]
  /** Completes rows that come without what was not changed. */
  readonly formers: readonly FormerRow[]
  /** What rows are made of, where the output's fields do not tell: '' for most. */
  readonly layouts: readonly string[]
}

/** @param plans of the dimensions; @param codec of a dimension's values, by such a plan */
export function rowCodecs(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  output: OutputPlan,
  plans: readonly ReaderPlan[],
  codec: (dimension: number, plan: ReaderPlan) => TopicCodec,
): RowCodecs {
  const codecs: TopicCodec[] = []
  const parts: number[] = []
  const formers: FormerRow[] = []
  const layouts: string[] = []
  const columns = columnsOf(output)
  for (const table of tablesOf(pipeline)) {
    const choices = choicesOf(table, schemas, plans)
    const { texts } = table
    const made = choices.map(({ first }, c) =>
      codec(first, { ...plans[first], keys: c === 0 ? plans[first].keys : [] }),
    )
    const isWhole = texts.length === 0 && choices.length === 1
    const whole = isWhole ? made[0] : new PartsCodec(made, texts.length)
    const former = new FormerRow(
      choices.map(({ first }) => columns[first]),
      isWhole ? WHOLE : texts.length,
    )
    for (const d of table.dimensions) {
      formers[d] = former
      const choice = choices.findIndex(({ dimensions }) => dimensions.includes(d))
      codecs[d] = whole
      parts[d] = isWhole ? WHOLE : texts.length + choice
      layouts[d] = isWhole ? renamedText(plans[d], pipeline, d) : partsText(table, choices, plans)
    }
  }
  return { codecs, parts, formers, layouts }
}

/** By dimension, the types of its columns in output form. */
function columnsOf({ facts, dimensions, schema }: OutputPlan): AvroType[][] {
  const types = parseRecord(schema).fields.map(({ type }) => type)
  let from = facts.length
  return dimensions.map(({ length }) => types.slice(from, (from += length)))
}

/** Columns that are alike in their bytes, and the dimensions that take them. */
interface Choice {
  readonly first: number
  readonly dimensions: readonly number[]
}

function choicesOf(
  { dimensions }: TablePlan,
  schemas: TopicSchemas,
  plans: readonly ReaderPlan[],
): Choice[] {
  const textOf = (d: number): string => JSON.stringify([plans[d].select, schemas.dimensions[d]])
  return grouped(dimensions, textOf).map((group) => ({ first: group[0], dimensions: group }))
}

/** The output's fields do not tell what they are taken from. */
function renamedText({ select }: ReaderPlan, { dimensions }: Pipeline, d: number): string {
  const columns = dimensions[d].select ?? []
  const isRenamed = columns.some(({ name, source }) => name !== source)
  return isRenamed ? ` ${select.map(({ source }) => source).join()}` : ''
}

/** What stored versions are in the order of, and which of them there are; '' for rows as they are now. */
export function versionsText(
  { asOf, time, timeUnit, historyMs }: DimensionConfig,
  schema: AvroRecordSchema,
): string {
  if (asOf === null) return ''
  const reading = (field: string) => timeReading(field, schemaAt(timedSchema(schema), field))
  const unit = time === null ? null : (timeUnit ?? reading(time))
  return ` as of ${JSON.stringify([time, unit, String(historyMs)])}`
}

const partsText = (
  { texts }: TablePlan,
  choices: readonly Choice[],
  plans: readonly ReaderPlan[],
): string => ` ${JSON.stringify([texts, choices.map(({ first }) => plans[first].select)])}`
