/** What a message has to say of an Avro value: naive, by the table in docs/formats.md; and what protobufjs reads of it. */
import protobuf from 'protobufjs'
import type { AvroType, BranchType } from '../../../src/codec/avro/schema.ts'
import { BUILT_IN } from '../../../src/codec/protobuf/built-in.ts'

/** Protobuf cannot say the value. */
export class Unsayable extends Error {}

/** The first message of a generated file, by protobufjs alone. */
export function typeOfProto(text: string): protobuf.Type {
  const root = new protobuf.Root()
  for (const path of text.matchAll(/^import "(.*)";$/gm)) {
    const known = protobuf.common.get(path[1])
    if (known?.nested) root.addJSON(known.nested)
    else if (path[1] !== 'confluent/meta.proto') protobuf.parse(BUILT_IN[path[1]], root)
  }
  const parsed = protobuf.parse(text, root, { keepCase: true })
  root.resolveAll()
  const space = parsed.package === undefined ? root : (root.lookup(parsed.package) as protobuf.Root)
  return space.lookupType(/^message (\w+)/m.exec(text)![1])
}

export const decoded = (type: protobuf.Type, bytes: Uint8Array): Record<string, unknown> =>
  type.toObject(type.decode(bytes), { longs: String, enums: String, arrays: true, objects: true })

type Json = unknown
type Fields = Readonly<Record<string, unknown>>

const others = (branches: readonly BranchType[]): BranchType[] =>
  branches.filter(({ kind }) => kind !== 'null')

const branchKey = (branch: BranchType): string =>
  `${'name' in branch ? branch.name.full.split('.').at(-1) : branch.kind}_value`

/** Whether an element or a branch of the type needs a message of its own. */
const isWrapped = (type: AvroType): boolean =>
  type.kind === 'union'
    ? others(type.branches).length < 2
    : ['array', 'map', 'null'].includes(type.kind)

const UNIT = { 1000: 1_000_000n, 1000000: 1000n, 1000000000: 1n } as Record<number, bigint>
const floorDiv = (a: bigint, b: bigint): bigint => (a - (((a % b) + b) % b)) / b

/** Which branch an avsc value, of a union without wrapping, is of. */
function branchOf(branches: readonly BranchType[], value: unknown): BranchType {
  const isOf = ({ kind }: BranchType): boolean => {
    if (value === null) return kind === 'null'
    if (typeof value === 'boolean') return kind === 'boolean'
    if (typeof value === 'bigint') return kind === 'long'
    if (typeof value === 'string') return kind === 'string' || kind === 'enum'
    if (typeof value === 'number') return ['int', 'float', 'double'].includes(kind)
    if (Buffer.isBuffer(value)) return kind === 'bytes' || kind === 'fixed'
    if (Array.isArray(value)) return kind === 'array'
    return kind === 'record' || kind === 'map'
  }
  return branches.find(isOf)!
}

/** Of a value that avsc has read; null where a field is not there. */
export function modelOf(type: AvroType, value: unknown): Json {
  switch (type.kind) {
    case 'null':
      return null
    case 'union': {
      const all = others(type.branches)
      if (value === null) return emptyOf(all)
      const branch = branchOf(type.branches, value)
      return all.length < 2
        ? modelOf(branch, value)
        : { [branchKey(branch)]: element(branch, value) }
    }
    case 'array':
      return (value as unknown[]).map((item) => element(type.items, item))
    case 'map':
      return Object.fromEntries(
        Object.entries(value as Fields).map(([key, one]) => [key, element(type.values, one)]),
      )
    case 'record':
      return Object.fromEntries(
        type.fields.map((field) => [
          field.name,
          modelOf(field.type, (value as Fields)[field.name]),
        ]),
      )
    case 'enum':
      return value
    default:
      return scalar(type, value)
  }
}

const emptyOf = ([only, second]: readonly BranchType[]): Json => {
  if (second !== undefined) return null
  return only?.kind === 'array' ? [] : only?.kind === 'map' ? {} : null
}

function element(type: AvroType, value: unknown): Json {
  if (type.kind === 'union' && value === null && others(type.branches).length > 1) return {}
  return isWrapped(type) ? { value: modelOf(type, value) } : modelOf(type, value)
}

function scalar(
  type: Exclude<BranchType, { kind: 'record' | 'enum' | 'array' | 'map' }>,
  value: unknown,
): Json {
  const { logical } = type
  if (logical?.name === 'date') {
    const date = new Date((value as number) * 86_400_000)
    const year = date.getUTCFullYear()
    if (!(year >= 1 && year <= 9999)) throw new Unsayable()
    return { year, month: date.getUTCMonth() + 1, day: date.getUTCDate() }
  }
  if (logical?.family === 'time') {
    const nanos = BigInt(value as number) * UNIT[logical.perSecond]
    if (nanos < 0n || nanos > 86_400_000_000_000n) throw new Unsayable()
    const seconds = nanos / 1_000_000_000n
    return {
      hours: Number(seconds / 3600n),
      minutes: Number((seconds / 60n) % 60n),
      seconds: Number(seconds % 60n),
      nanos: Number(nanos % 1_000_000_000n),
    }
  }
  if (logical?.family === 'timestamp') {
    const nanos = BigInt(value as number) * UNIT[logical.perSecond]
    const seconds = floorDiv(nanos, 1_000_000_000n)
    if (seconds < -62_135_596_800n || seconds > 253_402_300_799n) throw new Unsayable()
    return { seconds: String(seconds), nanos: Number(nanos - seconds * 1_000_000_000n) }
  }
  if (logical?.name === 'decimal') {
    const bytes = value as Buffer
    const unscaled = bytes.length === 0 ? '00' : bytes.toString('hex')
    return { value: unscaled, precision: logical.precision, scale: logical.scale }
  }
  if (Buffer.isBuffer(value)) return value.toString('hex')
  return typeof value === 'bigint' ? String(value) : value
}

const DEFAULTS: Readonly<Record<string, unknown>> = {
  boolean: false,
  int: 0,
  long: '0',
  float: 0,
  double: 0,
  bytes: '',
  fixed: '',
  string: '',
}
const PARTS: Readonly<Record<string, Fields>> = {
  date: { year: 0, month: 0, day: 0 },
  time: { hours: 0, minutes: 0, seconds: 0, nanos: 0 },
  timestamp: { seconds: '0', nanos: 0 },
  decimal: { value: '', precision: 0, scale: 0 },
}

/** What protobufjs has decoded of a field of the type, as the model has it. */
export function readAs(type: AvroType, got: unknown): Json {
  switch (type.kind) {
    case 'null':
      return null
    case 'union': {
      const all = others(type.branches)
      if (all.length < 2) {
        const isPlain = all.length === 1 && got !== undefined && got !== null
        return isPlain ? readAs(all[0], got) : emptyOf(all)
      }
      return got === undefined || got === null ? null : readUnion(all, got as Fields)
    }
    case 'array':
      return (got as unknown[]).map((item) => readElement(type.items, item))
    case 'map':
      return Object.fromEntries(
        Object.entries(got as Fields).map(([key, one]) => [key, readElement(type.values, one)]),
      )
    case 'record': {
      const of = got as Fields
      return Object.fromEntries(type.fields.map(({ name, type: t }) => [name, readAs(t, of[name])]))
    }
    case 'enum': {
      const text = got ?? type.symbols[0]
      return type.symbols.find((symbol) => text === symbol || String(text).endsWith(`_${symbol}`))
    }
    default:
      return readScalar(type, got)
  }
}

function readUnion(all: readonly BranchType[], got: Fields): Json {
  const branch = all.find((one) => branchKey(one) in got)
  return branch === undefined
    ? {}
    : { [branchKey(branch)]: readElement(branch, got[branchKey(branch)]) }
}

function readElement(type: AvroType, got: unknown): Json {
  if (isWrapped(type)) return { value: readAs(type, (got as Fields).value) }
  if (type.kind === 'union') return readUnion(others(type.branches), got as Fields)
  return readAs(type, got)
}

function readScalar(
  { kind, logical }: Exclude<BranchType, { kind: 'record' | 'enum' | 'array' | 'map' }>,
  got: unknown,
): Json {
  const family = logical?.family ?? logical?.name
  const parts = PARTS[family ?? '']
  if (parts !== undefined && (family !== 'decimal' || Buffer.isBuffer((got as Fields).value))) {
    const all = { ...parts, ...(got as Fields) }
    const { value } = all as { value?: unknown }
    return Buffer.isBuffer(value) ? { ...all, value: value.toString('hex') } : all
  }
  if (got instanceof Uint8Array) return Buffer.from(got).toString('hex')
  return got ?? DEFAULTS[kind]
}
