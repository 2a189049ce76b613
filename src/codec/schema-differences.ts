import type { AvroRecordSchema } from './avro-reader.ts'

type Field = AvroRecordSchema['fields'][number]

/** So much of a type is shown. */
const MOST = 60

/**
 * What may be why a registry calls a record's schema incompatible with an earlier one, in words, for
 * registries that do not say it: fields that are new and have no default, that have another type, or
 * are gone.
 */
export function differences(before: AvroRecordSchema, after: AvroRecordSchema): string[] {
  const earlier = new Map(before.fields.map((field) => [field.name, field]))
  const left = new Set(earlier.keys())
  const found = after.fields.flatMap((field) => {
    const name = [field.name, ...(field.aliases ?? [])].find((one) => left.has(one))
    if (name === undefined)
      return isOptional(field) ? [] : [`${field.name} is new, and has no default`]
    left.delete(name)
    return changed(earlier.get(name)!, field)
  })
  const gone = [...left].filter((name) => !isOptional(earlier.get(name)!))
  return [...found, ...gone.map((name) => `${name} is gone`)]
}

const isOptional = (field: Field): boolean => field.default !== undefined

function changed(before: Field, { name, type }: Field): string[] {
  const [was, is] = [JSON.stringify(before.type), JSON.stringify(type)]
  return was === is ? [] : [`${name} was ${shown(was)}, and is ${shown(is)}`]
}

const shown = (text: string): string => (text.length > MOST ? `${text.slice(0, MOST)}…` : text)
