/**
 * What the bytes of stored records mean, as a short text that is compared: docs, defaults, aliases and namespaces
 * are not in the bytes, and count for nothing.
 */
import { createHash } from 'node:crypto'
import type { Schema } from 'avsc'
import { schemaAt } from '../codec/avro/field-path.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { timeReading } from '../codec/avro/time.ts'
import { joinStages, type LeftPart, leftPart } from '../config/join-stages.ts'
import { joinPart } from '../config/look-ups.ts'
import type { JoinConfig, Pipeline, TimeUnit } from '../config/pipeline.ts'
import { repartitioned, sourcesOf } from '../config/topic-names.ts'
import { timedSchema } from './envelopes.ts'
import {
  allOf,
  type OutputPlan,
  outputFields,
  recordName,
  type TopicSchemas,
} from './output-plan.ts'
import { shapeOf } from './shape.ts'

/** Changes when stored bytes change their meaning without the schemas changing. */
const LAYOUT_VERSION = 2
/** Of release 0.1. */
const FIRST_VERSION = 1

/**
 * The layout that the schemas give, and behind it the name that release 0.1 had for it: a window that
 * was stored under that one is gone on with, under that name.
 * @param numbers of what is stored as messages of Protobuf; undefined: it is stored in Avro
 */
export function layoutsOf(
  pipeline: Pipeline,
  schemas: TopicSchemas,
  plan: OutputPlan,
  numbers?: string,
): readonly [string, ...string[]] {
  const window = windowsOf(pipeline)
  const units = timeUnits(pipeline, schemas)
  const shape = shapeOf(plan.schema)
  if (numbers !== undefined) return [hash([LAYOUT_VERSION, shape, window, units, numbers])]
  const layout = hash([LAYOUT_VERSION, shape, window, units])
  if (units.join() !== firstTimeUnits(pipeline, schemas).join()) return [layout]
  return [layout, hash([FIRST_VERSION, firstSchema(pipeline, schemas), window])]
}

const windowsOf = (pipeline: Pipeline): object | null => {
  const [first = null, ...others] = pipeline.joins.map((join, j) => windowOf(join, j, pipeline))
  return others.length === 0 ? first : [first, ...others]
}

const windowOf = (join: JoinConfig, j: number, pipeline: Pipeline): object => {
  const { beforeMs, afterMs, graceMs, waitMs, kind, repartition } = join
  const isNext = joinStages(pipeline).some(({ first }) => first === j && j > 0)
  const window = {
    ...{ beforeMs, afterMs, graceMs, kind },
    ...(waitMs === 0 ? {} : { waitMs }),
    // What comes from the stage before is stored under that.
    ...(isNext ? { left: leftOf(leftPart(pipeline, j), pipeline) } : {}),
  }
  // The offsets beside it are those of other topics then, and its keys were taken from the values.
  return repartition === null ? window : { ...window, repartition, by: joinedBy(join, j, pipeline) }
}

/** What a join's sides that are repartitioned are keyed by: fields, or the expressions of such as are derived. */
function joinedBy(join: JoinConfig, j: number, pipeline: Pipeline): object[] {
  const { facts, dimensions } = pipeline
  const { dimension, field } = joinPart(pipeline)!
  const left = dimensions.find(({ name }) => name === dimension)
  const sides = [
    { source: 0, topic: left ?? facts, dimension, field },
    { source: 1 + j, topic: join, dimension: null, field: join.onRight },
  ]
  const through = repartitioned(pipeline).map(({ side }) => side)
  return sides
    .filter(({ source }) => through.includes(source) && (source > 0 || j === 0))
    .map(({ source: _, topic, ...by }) => {
      return { ...by, ...topic.fields.find(({ name }) => name === by.field) }
    })
}

/** What a later stage compares of what was joined: a column, or the expression of one. */
function leftOf({ join, dimension, field }: LeftPart, pipeline: Pipeline): object {
  const { facts, joins, dimensions } = pipeline
  const of = dimensions.find(({ name }) => name === dimension)
  const topic = join === null ? (of ?? facts) : joins[join]
  return { join, dimension, field, ...topic.fields.find(({ name }) => name === field) }
}

const hash = (content: unknown): string =>
  createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16)

/** Of each source, the type of the time field; undefined: event times are the records' own. */
const timeTypes = (pipeline: Pipeline, { facts, rights }: TopicSchemas): (Schema | undefined)[] => {
  const schemas: AvroRecordSchema[] = [facts, ...rights]
  return sourcesOf(pipeline).map(({ config: { time } }, s) =>
    time === null ? undefined : schemaAt(timedSchema(schemas[s]), time),
  )
}

/** Of each source, what times were read as, from which those in the window were made. */
function timeUnits(pipeline: Pipeline, schemas: TopicSchemas): (TimeUnit | 'text')[] {
  const given = sourcesOf(pipeline).map(({ config }) => config.timeUnit)
  const ofType = (type: Schema | undefined): TimeUnit | 'text' =>
    type === undefined ? 'ms' : timeReading('time', type)
  return timeTypes(pipeline, schemas).map((type, s) => given[s] ?? ofType(type))
}

/** Release 0.1 knew logical types only, and took all else for milliseconds. */
const firstTimeUnits = (pipeline: Pipeline, schemas: TopicSchemas): TimeUnit[] =>
  timeTypes(pipeline, schemas).map((type) => (isMicros(type) ? 'us' : 'ms'))

const isMicros = (type: Schema | undefined): boolean =>
  Array.isArray(type)
    ? type.some(isMicros)
    : /^(local-)?timestamp-micros$/.test((type as { logicalType?: string })?.logicalType ?? '')

/** The output's schema as release 0.1 derived it, the source of its layouts: it must not change. */
function firstSchema(pipeline: Pipeline, schemas: TopicSchemas): object {
  const { namespace } = schemas.facts
  const fields = allOf(outputFields(pipeline, namespace ?? '', schemas))
  return {
    type: 'record',
    name: recordName(pipeline.output.topic),
    ...(namespace === undefined ? {} : { namespace }),
    fields: fields.map(({ name, type, doc, branch }) => ({
      name,
      type: branch ? ['null', type] : type,
      ...(doc === undefined ? {} : { doc }),
      ...(branch ? { default: null } : {}),
    })),
  }
}
