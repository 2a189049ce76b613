import type { AvroRecordSchema } from '../avro/reader.ts'

type Field = AvroRecordSchema['fields'][number]

/** So much of a type is shown. */
const MOST = 60

/**
 * What of a record's fields an earlier schema has otherwise, in words: fields that are new, have another type, or are gone.
 * Docs, defaults and aliases are no differences.
 */
export function differences(before: AvroRecordSchema, after: AvroRecordSchema): string[] {
  const earlier = new Map(before.fields.map((field) => [field.name, field]))
  const left = new Set(earlier.keys())
  const found = after.fields.flatMap((field) => {
    const name = [field.name, ...(field.aliases ?? [])].find((one) => left.has(one))
    if (name === undefined) return [`${field.name} is new${isOptional(field) ? '' : NO_DEFAULT}`]
    left.delete(name)
    return changed(earlier.get(name)!, field)
  })
  return [...found, ...[...left].map((name) => `${name} is gone`)]
}

const NO_DEFAULT = ', and has no default'
const isOptional = (field: Field): boolean => field.default !== undefined

function changed(before: Field, { name, type }: Field): string[] {
  const [was, is] = [JSON.stringify(before.type), JSON.stringify(type)]
  const renamed = before.name === name ? [] : [`${name} was named ${before.name}`]
  return was === is ? renamed : [...renamed, `${name} was ${shown(was)}, and is ${shown(is)}`]
}

const shown = (text: string): string => (text.length > MOST ? `${text.slice(0, MOST)}…` : text)
