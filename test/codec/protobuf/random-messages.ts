/** Random .proto files, and messages of them by protobufjs, as a second implementation. */
import fc from 'fast-check'
import protobuf from 'protobufjs'

const NUMBERS = [
  'double',
  'float',
  'int32',
  'int64',
  'uint32',
  'uint64',
  'sint32',
  'sint64',
  'fixed32',
  'fixed64',
  'sfixed32',
  'sfixed64',
  'bool',
] as const
const SCALARS = [...NUMBERS, 'string', 'bytes'] as const
/** protobufjs names a map's entries of 64-bit keys by their bits. */
const KEYS = ['int32', 'uint32', 'sint32', 'fixed32', 'sfixed32', 'bool', 'string'] as const
const OTHERS = [
  'Colour',
  'google.protobuf.Timestamp',
  'google.protobuf.Int64Value',
  'google.protobuf.StringValue',
  'Leaf',
  'Top',
] as const

interface RandomField {
  readonly type: string
  readonly form: 'plain' | 'optional' | 'repeated' | 'unpacked' | 'map' | 'oneof'
  readonly key: string
  readonly gap: number
}

const field: fc.Arbitrary<RandomField> = fc.record({
  type: fc.oneof(fc.constantFrom(...SCALARS), fc.constantFrom(...OTHERS)),
  form: fc.constantFrom('plain', 'plain', 'optional', 'repeated', 'unpacked', 'map', 'oneof'),
  key: fc.constantFrom(...KEYS),
  gap: fc.constantFrom(1, 1, 1, 2, 20, 300, 20_000),
})

const isNumber = (type: string): boolean =>
  (NUMBERS as readonly string[]).includes(type) || type === 'Colour'

function lineOf(
  { type, form, key }: RandomField,
  syntax: string,
  name: string,
  number: number,
): string {
  switch (form) {
    case 'map':
      return `map<${key}, ${type}> ${name} = ${number};`
    case 'oneof':
      return `oneof o${number % 3}_${name} { ${type} ${name} = ${number}; string ${name}_other = ${number + 1}; }`
    case 'repeated':
      return `repeated ${type} ${name} = ${number};`
    case 'unpacked':
      return `repeated ${type} ${name} = ${number}${isNumber(type) ? ' [packed = false]' : ''};`
    default: {
      const optional = form === 'optional' || syntax === 'proto2' ? 'optional ' : ''
      return `${optional}${type} ${name} = ${number};`
    }
  }
}

function bodyOf(fields: readonly RandomField[], syntax: string): string {
  let number = 0
  return fields
    .map((one, i) => {
      number += one.gap
      const line = lineOf(one, syntax, `f${i}`, number)
      number++
      return `  ${line}`
    })
    .join('\n')
}

export const protoFile = fc
  .tuple(
    fc.constantFrom('proto3', 'proto3', 'proto2'),
    fc.array(field, { minLength: 1, maxLength: 8 }),
    fc.array(field, { minLength: 1, maxLength: 4 }),
  )
  .map(
    ([syntax, top, leaf]) => `syntax = "${syntax}";
package random;
import "google/protobuf/timestamp.proto";
import "google/protobuf/wrappers.proto";
message Top {
${bodyOf(top, syntax)}
}
message Leaf {
${bodyOf(leaf, syntax)}
}
enum Colour { NONE = 0; RED = 1; GREEN = 5; BELOW = -3; }
`,
  )

export function topOf(text: string): protobuf.Type {
  const root = new protobuf.Root()
  for (const file of ['timestamp', 'wrappers']) {
    root.addJSON(protobuf.common.get(`google/protobuf/${file}.proto`)!.nested!)
  }
  protobuf.parse(text, root, { keepCase: true })
  root.resolveAll()
  return root.lookupType('random.Top')
}

/** A source of choices: bytes, one after the other, and then zeros. */
export class Choices {
  readonly #bytes: Uint8Array
  #at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  next(): number {
    return this.#bytes[this.#at++] ?? 0
  }
}

const INTEGERS = [
  0n,
  1n,
  2n,
  127n,
  128n,
  300n,
  2n ** 31n - 1n,
  2n ** 31n,
  2n ** 32n - 1n,
  2n ** 32n,
  2n ** 52n,
  2n ** 53n + 1n,
  2n ** 63n - 1n,
  2n ** 63n,
  2n ** 64n - 1n,
]
const TEXTS = ['', 'a', 'text', 'Grüße', '€ 🚀', 'x'.repeat(200)]

function integer(choices: Choices, bits: number, isSigned: boolean): bigint {
  const value = INTEGERS[choices.next() % INTEGERS.length]
  const sign = isSigned && choices.next() % 3 === 0 ? -1n : 1n
  return isSigned ? BigInt.asIntN(bits, value * sign) : BigInt.asUintN(bits, value)
}

interface LongClass {
  fromString(text: string, isUnsigned: boolean): unknown
}

const long = (value: bigint, isUnsigned: boolean): unknown =>
  (protobuf.util.Long as unknown as LongClass).fromString(String(value), isUnsigned)

const isClosed = (type: protobuf.Enum): boolean =>
  (type as unknown as { _features: { enum_type: string } })._features.enum_type === 'CLOSED'

/** A value for a field of protobufjs's. */
function valueOfField(type: string, resolved: unknown, choices: Choices, depth: number): unknown {
  if (resolved instanceof protobuf.Type) {
    if (resolved.name === 'Timestamp') {
      const seconds = BigInt(choices.next() - 128) * 400_000_000n
      return { seconds: long(seconds, false), nanos: (choices.next() * 3_921_568) % 1_000_000_000 }
    }
    return messageOf(resolved, choices, depth + 1)
  }
  if (resolved instanceof protobuf.Enum) {
    // Of a closed enum protobufjs takes numbers without a name, as no other library does.
    return [0, 1, 5, -3, 77, -1][choices.next() % (isClosed(resolved) ? 4 : 6)]
  }
  switch (type) {
    case 'double':
    case 'float':
      return [0, 1.5, -2.25, Number.NaN, Number.POSITIVE_INFINITY, -0][choices.next() % 6]
    case 'bool':
      return choices.next() % 2 === 1
    case 'string':
      return TEXTS[choices.next() % TEXTS.length]
    case 'bytes':
      return Buffer.from(Array.from({ length: choices.next() % 5 }, () => choices.next()))
  }
  const isSigned = !type.startsWith('u') && !type.startsWith('fixed')
  if (type.endsWith('64')) return long(integer(choices, 64, isSigned), !isSigned)
  return Number(integer(choices, 32, isSigned))
}

/** A random message as `Type.create` takes it: `encode` writes what is set, defaults too. */
export function messageOf(type: protobuf.Type, choices: Choices, depth = 0): protobuf.Message {
  const fields: Record<string, unknown> = {}
  const taken = new Set<protobuf.OneOf>()
  for (const field of type.fieldsArray) {
    const { name, partOf, resolvedType } = field
    if (choices.next() % 4 === 0 || (depth > 3 && resolvedType instanceof protobuf.Type)) continue
    if (partOf !== null && taken.has(partOf)) continue
    if (partOf !== null) taken.add(partOf)
    const value = (): unknown => valueOfField(field.type, resolvedType, choices, depth)
    if (field instanceof protobuf.MapField) {
      const count = choices.next() % 4
      const key = (): string => String(valueOfField(field.keyType, null, choices, depth))
      fields[name] = Object.fromEntries(Array.from({ length: count }, () => [key(), value()]))
    } else {
      fields[name] = field.repeated ? Array.from({ length: choices.next() % 4 }, value) : value()
    }
  }
  return type.create(fields)
}
