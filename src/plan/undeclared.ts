/** JSON topics without a schema: what of their members is read, and what cannot be said of them. */

import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { isUndeclared, type NamedMembers } from '../codec/json/undeclared.ts'
import { leftPart } from '../config/join-stages.ts'
import type { Column, Pipeline, TopicConfig } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { inputsOf } from '../config/topic-names.ts'
import { EnricherError } from '../errors.ts'
import { hasExpressions } from '../expression/program.ts'
import { tableOfEach, tablesOf } from './tables.ts'

/** What each topic would have to have, by `inputsOf`, if nothing were declared of it. */
export function namedMembers(pipeline: Pipeline): NamedMembers[] {
  const { facts, joins, dimensions, outputs } = pipeline
  const tables = tablesOf(pipeline)
  const tableOf = tableOfEach(tables)
  const lefts = joins.map((_, j) => leftPart(pipeline, j))
  const outputKeys = outputs.flatMap(({ key }) => key ?? [])
  const of = (
    { time }: TopicConfig,
    select: readonly Column[] | null,
    keys: readonly string[],
  ): NamedMembers => {
    const columns = select ?? []
    const isKey = ({ name }: Column): boolean => outputKeys.includes(name)
    return {
      values: columns.map(({ source }) => source),
      scalars: [
        ...keys,
        ...(time === null ? [] : [time]),
        ...columns.filter(isKey).map(({ source }) => source),
      ],
      isWhole: select === null,
    }
  }
  return [
    of(
      facts,
      facts.select,
      [
        ...dimensions.flatMap(({ parts }) => parts.filter(({ dimension }) => dimension === null)),
        ...lefts.filter(({ join, dimension }) => join === null && dimension === null),
      ].map(({ field }) => field),
    ),
    ...joins.map((join, j) =>
      of(join, join.select, [
        join.onRight,
        ...lefts.filter((left) => left.join === j).map(({ field }) => field),
      ]),
    ),
    ...dimensions.map((dimension, d) => {
      const { texts, keyFields } = tables[tableOf[d]]
      const columns = lefts.filter((left) => left.dimension === dimension.name)
      return of(dimension, dimension.select, [
        ...texts,
        ...keyFields,
        ...columns.map(({ field }) => field),
      ])
    }),
  ]
}

const REMEDY = 'write schema: `stream-enricher init` infers one from the topic’s records'

/** Throws SCHEMA_INVALID for what cannot be done with a topic of which nothing is declared, each with its place. @param schemas by `inputsOf` */
export function refuseUndeclared(pipeline: Pipeline, schemas: readonly AvroRecordSchema[]): void {
  const undeclared = inputsOf(pipeline).filter((_, i) => isUndeclared(parseRecord(schemas[i])))
  if (undeclared.length === 0) return
  const faults = undeclared.flatMap(({ path, config }) => {
    const select = 'select' in config ? (config.select as readonly Column[] | null) : null
    return faultsOf(path, config, select).map(
      ([at, fault]) => `${placeOf(pipeline, [...path, ...at])}: ${fault}; ${REMEDY}`,
    )
  })
  const [{ path, config }] = undeclared
  const typed = pipeline.outputs.filter(({ format }) => format !== 'json')
  const ofOutputs = typed.map(
    (output) =>
      `${placeOf(pipeline, output.path)}: ${path.join('.')} is JSON without a schema (${config.topic}), so the output has no types for ${output.format === 'avro' ? 'Avro' : 'Protobuf'}; write format: json here, or schema there: \`stream-enricher init\` infers one from the topic’s records`,
  )
  const isWhole = undeclared[0].path[0] === 'facts' && pipeline.facts.select === null
  const ofFields = pipeline.outputs
    .filter(({ fields, select }) => isWhole && fields.length > 0 && select === null)
    .map(
      (output) =>
        `${placeOf(pipeline, [...output.path, 'fields'])}: a member of ${pipeline.facts.topic}, which is JSON without a schema, may have the same name; write select beside it, or under facts`,
    )
  const all = [...faults, ...ofOutputs, ...ofFields]
  if (all.length > 0) throw new EnricherError('SCHEMA_INVALID', all.join('\n'))
}

type Fault = readonly [path: readonly string[], sentence: string]

function faultsOf(
  [side]: readonly string[],
  config: TopicConfig,
  select: readonly Column[] | null,
): Fault[] {
  const { topic } = config
  const what = `${topic} is JSON without a schema`
  const faults: Fault[] = []
  if (select === null && side !== 'facts') {
    faults.push([['topic'], `${what}, so which members come out has to be said with select`])
  }
  if (hasExpressions(config)) {
    const at = config.where === null ? 'fields' : 'where'
    faults.push([
      [at],
      `${what}, so its members have no types that an expression could be checked by`,
    ])
  }
  if (config.envelope !== null) {
    faults.push([['envelope'], `${what}, so what is in the envelope is not known`])
  }
  return faults
}
