/** What is read, and computed, of each topic's records. */
import { bytesOf } from '../bytes.ts'
import type { AvroRecordSchema, ReaderPlan } from '../codec/avro/reader.ts'
import type { JoinConfig, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { Computation } from '../expression/computed.ts'
import type { Program } from '../expression/program.ts'
import { envelopePlan } from './envelopes.ts'
import type { Programs } from './expressions.ts'
import type { OutputField, OutputPlan, TopicSchemas } from './output-plan.ts'
import { factKeys } from './plan.ts'
import { tableOfEach, tablesOf } from './tables.ts'

/** Copies a record's own fields, and computes the others. */
export function readerPlan(
  fields: readonly OutputField[],
  program: Program | null,
  keys: readonly string[],
  { time, timeUnit }: TimeOf,
): ReaderPlan {
  const isDerived = (name: string | null): boolean =>
    program?.fields.some((field) => field.name === name) === true
  const derived = fields.filter(({ source }) => isDerived(source))
  return {
    select: fields
      .filter(({ source }) => !isDerived(source))
      .map(({ source, branch, missing, isOptional }) => ({
        source,
        nullable: branch,
        ...(isOptional ? { none: bytesOf(missing!) } : {}),
      })),
    keys: keys.filter((key) => !isDerived(key)),
    time: isDerived(time) ? null : time,
    timeUnit,
    computation:
      program === null
        ? undefined
        : new Computation(program, {
            select: derived.map(({ source, branch }) => ({ name: source, nullable: branch })),
            keys: keys.map((key) => (isDerived(key) ? key : null)),
            time: isDerived(time) ? time : null,
            timeUnit,
          }),
  }
}

type TimeOf = Pick<TopicConfig, 'time' | 'timeUnit'>

export function readerPlans(
  pipeline: Pipeline,
  plan: OutputPlan,
  programs: Programs,
  schemas: TopicSchemas,
): { facts: ReaderPlan; rights: ReaderPlan[]; dimensions: ReaderPlan[] } {
  const { facts, joins, dimensions } = pipeline
  const tables = tablesOf(pipeline)
  const tableOf = tableOfEach(tables)
  const rightPlan = (join: JoinConfig, j: number): ReaderPlan => {
    const keys = [join.onRight]
    return enveloped(schemas.rights[j], join, false, (time) =>
      readerPlan(plan.rights[j], programs.rights[j], keys, time),
    )
  }
  return {
    facts: {
      ...enveloped(schemas.facts, facts, false, (time) =>
        readerPlan(plan.facts, programs.facts, factKeys(pipeline), time),
      ),
      // A column is in place of the fact's member that has its name.
      taken: [...plan.dimensions, ...plan.rights].flat().map(({ name }) => name),
    },
    rights: joins.map(rightPlan),
    dimensions: plan.dimensions.map((of, d) => {
      const { texts, keyFields } = tables[tableOf[d]]
      const keys = [...texts, ...keyFields]
      const isKeyed = keyFields.length > 0
      const made = enveloped(schemas.dimensions[d], dimensions[d], isKeyed, (time) =>
        readerPlan(of, programs.dimensions[d], keys, time),
      )
      return made.envelope === undefined
        ? made
        : { ...made, envelope: { ...made.envelope, hasFormer: true } }
    }),
  }
}

/** @param planOf the plan of what is in the envelope, where its time is not the envelope's */
export function enveloped(
  schema: AvroRecordSchema,
  config: TimeOf,
  isKeyed: boolean,
  planOf: (time: TimeOf) => ReaderPlan,
): ReaderPlan {
  const envelope = envelopePlan(schema, config, isKeyed)
  if (envelope === undefined) return planOf(config)
  return { ...planOf(envelope.time === null ? config : NO_TIME), envelope }
}

const NO_TIME: TimeOf = { time: null, timeUnit: null }
