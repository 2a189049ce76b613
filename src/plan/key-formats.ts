/** Whether facts and right stream write one key with the same bytes, as far as the file and the registry show. */
import { fieldKind } from '../codec/avro/field.ts'
import { schemaAt } from '../codec/avro/field-path.ts'
import { joinStages } from '../config/join-stages.ts'
import type { JoinConfig, KeyFormat, Pipeline } from '../config/pipeline.ts'
import { repartitioned } from '../config/topic-names.ts'
import type { Compiled } from './compile.ts'
import { schemaDifference } from './key-forms.ts'

/** Why equal keys have different bytes, as a clause; null: nothing shows that they have, or nothing is joined. */
export function keyBytesDiffer(
  pipeline: Pipeline,
  compiled: Pick<Compiled, 'schemas' | 'keys'>,
): string | null {
  const differ = pipeline.joins.map((join, j) => differOf(pipeline, join, 1 + j, compiled))
  return differ.find((why) => why !== null) ?? null
}

/** @param source the number of the join's topic among the inputs */
function differOf(
  pipeline: Pipeline,
  join: JoinConfig,
  source: number,
  { schemas, keys }: Pick<Compiled, 'schemas' | 'keys'>,
): string | null {
  const { facts } = pipeline
  const { onLeft, onRight } = join
  const through = repartitioned(pipeline).map(({ side }) => side)
  const isFirst = joinStages(pipeline)[0].joins.length >= source
  // What an earlier stage has joined is carried, too.
  const [isLeft, isRight] = [!isFirst || through.includes(0), through.includes(source)]
  if (isLeft && isRight) return null
  // What a side is repartitioned by may be none of its own fields.
  const [schema, field] = isLeft ? [schemas.rights[source - 1], onRight] : [schemas.facts, onLeft]
  // A whole number is written alike by text and by JSON; and of what nothing is declared it may be one.
  const { type } = fieldKind(field, schemaAt(schema, field))
  const isInteger = type === 'integer' || type === 'undeclared'
  const formats = [isLeft ? 'text' : facts.keyFormat, isRight ? 'text' : join.keyFormat] as const
  const alike = (format: KeyFormat): KeyFormat =>
    format === 'bytes' || (format === 'json' && isInteger) ? 'text' : format
  if (alike(formats[0]) !== alike(formats[1])) {
    return `the keys of ${facts.topic} are of the format ${formats[0]}, those of ${join.topic} of the format ${formats[1]}`
  }
  if (isLeft || isRight) return null
  const [left, right] = [keys[0], keys[source]]
  if (left === undefined || right === undefined || left.id === right.id) return null
  const known = new Map([left, right].map(({ id, schema }) => [id, schema]))
  const difference = schemaDifference(`avro ${left.id}`, `avro ${right.id}`, known)
  return `the keys of ${left.topic} have the schema ${left.id}, those of ${right.topic} the schema ${right.id}${difference}, and the id is part of a key’s bytes`
}
