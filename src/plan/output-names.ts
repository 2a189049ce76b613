/** Names that a format does not have, of fields of other formats: they go to other outputs, or there under another name. */
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroType } from '../codec/avro/schema.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { placeOf } from '../config/places.ts'
import { inputsOf } from '../config/topic-names.ts'
import { EnricherError } from '../errors.ts'

/** As the specification has it, and letters of any script beside, as Java and the registries take them. */
const OF_AVRO = /^[\p{L}_][\p{L}\p{N}_]*$/u
const OF_PROTOBUF = /^[A-Za-z_]\w*$/

/** Throws SCHEMA_INVALID where an output would have a field whose name is none of its format's. */
export function checkNames(pipeline: Pipeline, output: OutputConfig, schema: object): void {
  const { format } = output
  if (format === 'json') return
  const [what, names] = format === 'avro' ? ['Avro', OF_AVRO] : ['Protobuf', OF_PROTOBUF]
  const odd = oddName(parseRecord(schema), names, [], new Set())
  if (odd === undefined || (format === 'avro' && inputsOf(pipeline).every(isAvro))) return
  const name = odd.join('.')
  const remedy =
    odd.length === 1
      ? `rename it with select, as { ${name.replaceAll(/[^\p{L}\p{N}]+/gu, '_')}: "${name}" }`
      : `leave ${odd[0]} out with select`
  const message = `${placeOf(pipeline, output.path)}: the field ${name} has a name that ${what} does not have; ${remedy}, or write format: json`
  throw new EnricherError('SCHEMA_INVALID', message, { fields: { field: name } })
}

const isAvro = ({ config }: ReturnType<typeof inputsOf>[number]): boolean =>
  config.format === 'avro'

/** The way to the first one. */
function oddName(
  type: AvroType,
  names: RegExp,
  path: readonly string[],
  seen: Set<AvroType>,
): readonly string[] | undefined {
  if (seen.has(type)) return undefined
  seen.add(type)
  switch (type.kind) {
    case 'array':
      return oddName(type.items, names, path, seen)
    case 'map':
      return oddName(type.values, names, path, seen)
    case 'union':
      return firstOf(type.branches, (branch) => oddName(branch, names, path, seen))
    case 'record':
      return firstOf(type.fields, ({ name, type: inner }) =>
        names.test(name) ? oddName(inner, names, [...path, name], seen) : [...path, name],
      )
    default:
      return undefined
  }
}

function firstOf<T, R>(all: readonly T[], of: (one: T) => R | undefined): R | undefined {
  for (const one of all) {
    const found = of(one)
    if (found !== undefined) return found
  }
  return undefined
}
