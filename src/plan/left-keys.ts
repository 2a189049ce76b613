/** What a stage that joins gives to the next one, read for what is compared there. */
import { fieldKind } from '../codec/avro/field.ts'
import { schemaAt } from '../codec/avro/field-path.ts'
import { AvroReader, type AvroRecordSchema } from '../codec/avro/reader.ts'
import { undeclaredName } from '../codec/json/undeclared.ts'
import type { ValueReader } from '../codec/port.ts'
import { joinStages, type LeftPart, leftPart } from '../config/join-stages.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { EnricherError, messageOf } from '../errors.ts'
import type { OutputField, OutputPlan } from './output-plan.ts'

/** What of the completed record a later stage compares. */
interface LeftKey {
  /** The first join that does, by its number. */
  readonly join: number
  readonly part: LeftPart
  /** Where the completed record has it; undefined: the file does not select it. */
  readonly path: string | undefined
}

/** Of each stage that joins but the first: by what its left side is compared. */
const leftKeysOf = (pipeline: Pipeline, plan: OutputPlan): LeftKey[] =>
  joinStages(pipeline)
    .slice(1)
    .map(({ first }) => {
      const part = leftPart(pipeline, first)
      return { join: first, part, path: pathOf(fieldsOf(pipeline, plan, part), part.field) }
    })

/** What is in a record comes out with it; of JSON of which nothing is declared nobody knows what is in it. */
function pathOf(columns: readonly OutputField[], field: string): string | undefined {
  const isAround = ({ source, given }: OutputField): boolean =>
    field.startsWith(`${source}.`) && undeclaredName(given.type) === undefined
  const column = columns.find(({ source }) => source === field) ?? columns.find(isAround)
  return column && column.name + field.slice(column.source.length)
}

function fieldsOf(
  { dimensions }: Pipeline,
  plan: OutputPlan,
  { join, dimension }: LeftPart,
): readonly OutputField[] {
  if (join !== null) return plan.rights[join]
  if (dimension === null) return plan.facts
  return plan.dimensions[dimensions.findIndex(({ name }) => name === dimension)]
}

/**
 * Whether completed records have what later stages compare, and it has a text. Throws SCHEMA_INVALID with the place of each that
 * has not.
 */
export function checkLeftKeys(pipeline: Pipeline, plan: OutputPlan): void {
  const faults = leftKeysOf(pipeline, plan).flatMap((key) => {
    const fault = faultOf(pipeline, plan, key)
    const path = [...pipeline.joins[key.join].path, 'on']
    return fault === null ? [] : [`${placeOf(pipeline, path)}: ${fault}`]
  })
  if (faults.length > 0) throw new EnricherError('SCHEMA_INVALID', faults.join('\n'))
}

function faultOf(
  { joins }: Pipeline,
  { schema }: OutputPlan,
  { join, part, path }: LeftKey,
): string | null {
  const { onLeft } = joins[join]
  if (path === undefined) {
    const of =
      part.join !== null
        ? joins[part.join].path.join('.')
        : part.dimension === null
          ? 'facts'
          : `dimensions.${part.dimension}`
    return `${onLeft} is not among the columns that ${of} selects, and what was joined so far is keyed by it here; add it to the select there (an output leaves it out with a select of its own)`
  }
  try {
    fieldKind(onLeft, schemaAt(schema as AvroRecordSchema, path))
    return null
  } catch (error) {
    return messageOf(error)
  }
}

/** Readers of completed records, as far as each such stage has them. Fields are where the whole record has them. */
export const leftKeyReaders = (pipeline: Pipeline, plan: OutputPlan): ValueReader[] =>
  leftKeysOf(pipeline, plan).map(({ join, path }) => {
    const schema = plan.schema as AvroRecordSchema
    const { length } = [plan.facts, ...plan.dimensions, ...plan.rights.slice(0, join)].flat()
    const completed = { ...schema, fields: schema.fields.slice(0, length) }
    return new AvroReader(completed, { select: [], keys: [path!], time: null, timeUnit: null })
  })
