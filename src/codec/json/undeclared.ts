/**
 * JSON objects of which nothing is declared, as records of an Avro schema: of each member that the pipeline names its text is
 * a field, and all members as they came are one more. What the texts are, their logical types say.
 */
import type { Schema } from 'avsc'
import type { AvroRecordSchema } from '../avro/reader.ts'
import type { AvroType, RecordType } from '../avro/schema.ts'

/** Any value, as it came. */
export const ANY = 'undeclared'
/** The same of a text, a whole number or null, which keys and times are read from. */
export const SCALAR = 'undeclared-scalar'
/** The object's members as they came, without its braces. */
export const MEMBERS = 'undeclared-members'
/** What they are, for people. */
export const UNDECLARED_TEXTS: Readonly<Record<string, string>> = {
  [ANY]: 'any JSON value',
  [SCALAR]: 'a text, a whole number or null',
  [MEMBERS]: 'the members of a JSON object',
}

/** The field that all members are. With a dot in it no pipeline file can name it. */
export const ALL_MEMBERS = '...'

/** What a pipeline names of a topic's members, or reads of them. */
export interface NamedMembers {
  /** Those that come out; paths, where they are inside of objects. */
  readonly values: readonly string[]
  /** The same of keys and times. */
  readonly scalars: readonly string[]
  /** Whether all members come out. */
  readonly isWhole: boolean
}

const textAs = (logicalType: string): Schema => ({ type: 'string', logicalType }) as Schema

/**
 * A member that is not there is null. Of one that comes out as a whole nothing inside can be named.
 * @param name of the record
 */
export function undeclaredRecord(
  name: string,
  { values, scalars, isWhole }: NamedMembers,
): AvroRecordSchema {
  const members = new Set([...scalars, ...values].map(topOf))
  const fields = [...members].map((member) => {
    const inside = { values: insideOf(values, member), scalars: insideOf(scalars, member) }
    const isObject = inside.values.length + inside.scalars.length > 0
    if (!isObject || values.includes(member)) {
      const type = textAs(scalars.includes(member) ? SCALAR : ANY)
      return { name: member, type, default: 'null' }
    }
    const record = undeclaredRecord(`${name}.${member}`, { ...inside, isWhole: false })
    return { name: member, type: ['null', record] as Schema, default: null }
  })
  const all = { name: ALL_MEMBERS, type: textAs(MEMBERS), default: '' }
  return { type: 'record', name, fields: isWhole ? [...fields, all] : fields }
}

const topOf = (path: string): string => path.split('.', 1)[0]

/** The rest of the paths that lead into a member. */
const insideOf = (paths: readonly string[], member: string): string[] =>
  paths.filter((path) => path.startsWith(`${member}.`)).map((path) => path.slice(member.length + 1))

/** What is kept of an undeclared value of this type; undefined: the type is declared. */
export function undeclaredOf(type: AvroType): string | undefined {
  const name = type.kind === 'string' ? type.logical?.name : undefined
  return name !== undefined && Object.hasOwn(UNDECLARED_TEXTS, name) ? name : undefined
}

/** Whether the record is an object of which nothing is declared. */
export const isUndeclared = ({ fields }: RecordType): boolean =>
  fields.some(({ type }) => undeclaredOf(type) !== undefined)

/** The same of the type's schema. */
export function undeclaredName(schema: unknown): string | undefined {
  const { type, logicalType } = Object(schema) as { type?: unknown; logicalType?: unknown }
  const name = type === 'string' && typeof logicalType === 'string' ? logicalType : ''
  return Object.hasOwn(UNDECLARED_TEXTS, name) ? name : undefined
}
