/** The .proto file of an output's values. */
import { unqualified } from '../avro/schema.ts'
import type { EnumType, FieldType, Message, MessageField, NumberRange } from './message.ts'
import type { OutputMessage } from './output-message.ts'
import { filesOf } from './well-known.ts'

const MOST_NUMBER = 2 ** 29 - 1
/** A package with one of these inside of it hides the types of that name. */
const OWNERS = ['google', 'confluent']

/** @param docs of the record's fields, by name */
export const protoText = (output: OutputMessage, docs: ReadonlyMap<string, string>): string =>
  new Text(output, docs).file()

class Text {
  readonly #output: OutputMessage
  readonly #docs: ReadonlyMap<string, string>
  /** Before the names of others' types. */
  readonly #prefix: string

  constructor(output: OutputMessage, docs: ReadonlyMap<string, string>) {
    this.#output = output
    this.#docs = docs
    const { space } = output.main
    this.#prefix = space.split('.').some((part) => OWNERS.includes(part)) ? '.' : ''
  }

  file(): string {
    const { main, messages, enums } = this.#output
    const used = [main, ...messages].flatMap(({ fields }) => fields.map(({ type }) => type))
    const imports = new Set(used.flatMap(filesOf))
    const inner = [...enums.map(enumLines), ...messages.map((one) => this.#message(one, []))]
    const blocks = [
      ['syntax = "proto3";'],
      main.space === '' ? [] : [`package ${main.space};`],
      [...imports].sort().map((path) => `import "${path}";`),
      this.#message(main, inner),
    ]
    return `${blocks
      .filter((lines) => lines.length > 0)
      .map((lines) => lines.join('\n'))
      .join('\n\n')}\n`
  }

  /** @param inner what is inside of it besides fields */
  #message(message: Message, inner: readonly (readonly string[])[]): string[] {
    const body = [
      ...reservedLines(message),
      ...message.fields.flatMap((field) => this.#lines(field, message)),
      ...inner.flatMap((one) => ['', ...one]),
    ]
    return [`message ${unqualified(message.name)} {`, ...indented(body), '}']
  }

  /** Those of a oneof stand where its first one does. */
  #lines(field: MessageField, message: Message): string[] {
    const { oneof } = field
    if (oneof === null) return this.#field(field, message)
    const all = message.fields.filter((one) => one.oneof === oneof)
    if (all[0] !== field) return []
    const lines = all.flatMap((one) => this.#field(one, message))
    return [`oneof ${oneof} {`, ...indented(lines), '}']
  }

  #field(field: MessageField, message: Message): string[] {
    const { name, number, type, presence, key } = field
    const doc = message === this.#output.main ? this.#docs.get(name) : undefined
    const comment = doc?.split(/\r?\n/).map((line) => `// ${line}`.trimEnd()) ?? []
    const text = key === null ? this.#type(type) : `map<${key}, ${this.#type(type)}>`
    const label = presence === 'repeated' ? 'repeated ' : this.#isOptional(field) ? 'optional ' : ''
    const options = [...jsonName(name, message), ...metaOf(field)]
    const list = options.length === 0 ? '' : ` [${options.join(', ')}]`
    return [...comment, `${label}${text} ${name} = ${number}${list};`]
  }

  /** Messages have presence without the word: it says which of them are null at times. */
  #isOptional(field: MessageField): boolean {
    return field.oneof === null && this.#output.nullable.has(field)
  }

  #type(type: FieldType): string {
    if (typeof type === 'string') return type
    return filesOf(type).length > 0 ? `${this.#prefix}${type.name}` : unqualified(type.name)
  }
}

const indented = (lines: readonly string[]): string[] =>
  lines.map((line) => (line === '' ? line : `  ${line}`))

function reservedLines({ reserved, reservedNames }: Message): string[] {
  const names = reservedNames.map((name) => JSON.stringify(name))
  return [reserved.map(rangeText), names]
    .filter((list) => list.length > 0)
    .map((list) => `reserved ${list.join(', ')};`)
}

const rangeText = ([first, last]: NumberRange): string =>
  first === last ? String(first) : `${first} to ${last >= MOST_NUMBER ? 'max' : last}`

/** Names that differ in Protobuf, and would be one in its JSON, stay themselves there. */
function jsonName(name: string, { fields }: Message): string[] {
  const isTwice = fields.some((other) => other.name !== name && lower(other.name) === lower(name))
  return isTwice ? [`json_name = ${JSON.stringify(name)}`] : []
}

/** Older compilers compare names so. */
const lower = (name: string): string => name.replaceAll('_', '').toLowerCase()

/** As Confluent's converters have it. */
function metaOf({ decimal }: MessageField): string[] {
  if (decimal === null) return []
  const { precision, scale } = decimal
  const params = `{ key: "precision", value: "${precision}" }, { key: "scale", value: "${scale}" }`
  return [`(confluent.field_meta) = { params: [${params}] }`]
}

function enumLines({ name, symbols }: EnumType): string[] {
  // 0 comes first.
  const inOrder = [...symbols].sort(([a], [b]) => Number(a !== 0) - Number(b !== 0) || a - b)
  const lines = inOrder.map(([number, symbol]) => `${symbol} = ${number};`)
  return [`enum ${unqualified(name)} {`, ...indented(lines), '}']
}
