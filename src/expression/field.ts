/** Reading a record's fields where they lie, by positions. */
import type { AvroType, BranchType, FixedType, RecordType } from '../codec/avro/schema.ts'
import { compileSkip, readInt, type Skip } from '../codec/avro/walk.ts'
import { type Evaluate, type Frame, type Int, NULL } from './frame.ts'
import type { Integers } from './integers.ts'
import { OwnText, Text } from './text.ts'
import { kindOf, withoutNull } from './types.ts'

/** A field, and where it is: in the record's field `path[0]`, in that one's field `path[1]`, and so on. */
export interface FieldPlace {
  readonly record: RecordType
  readonly path: readonly string[]
}

/** Moves `frame.source` from the beginning of the outer value to that of the inner one. False: it is null. */
type Step = (frame: Frame) => boolean

/**
 * @param index where the record's bytes have the field of this name: they may be written with others before it
 * @param overflow the sentence for a timestamp that is too far away
 */
export function compileField(
  { record, path }: FieldPlace,
  index: (name: string) => number,
  ints: Integers<Int>,
  overflow: number,
): Evaluate<unknown> {
  const first = index(path[0])
  let { type } = record.fields.find(({ name }) => name === path[0])!
  const steps: Step[] = [...notNull(type)]
  for (const name of path.slice(1)) {
    const inner = withoutNull(type) as RecordType
    const at = inner.fields.findIndex((field) => field.name === name)
    const before = inner.fields.slice(0, at).map((field) => compileSkip(field.type))
    type = inner.fields[at].type
    steps.push(behind(before), ...notNull(type))
  }
  const value = compileValue(withoutNull(type)!, ints, overflow)
  const [only, ...others] = steps
  if (only === undefined) {
    return (frame) => {
      frame.source.at = frame.starts[first]
      return value(frame)
    }
  }
  return (frame) => {
    frame.source.at = frame.starts[first]
    if (!only(frame)) return undefined
    for (const step of others) if (!step(frame)) return undefined
    return value(frame)
  }
}

/** The record's walk has found that its bytes are sound. */
const behind =
  (before: readonly Skip[]): Step =>
  ({ source }) => {
    for (const skip of before) skip(source)
    return true
  }

function notNull(type: AvroType): Step[] {
  if (type.kind === 'null') {
    return [
      (frame) => {
        frame.state = NULL
        return false
      },
    ]
  }
  if (type.kind !== 'union') return []
  const branch = type.branches.findIndex(({ kind }) => kind !== 'null')
  return [
    (frame) => {
      if (readInt(frame.source) === branch) return true
      frame.state = NULL
      return false
    },
  ]
}

function compileValue(type: BranchType, ints: Integers<Int>, overflow: number): Evaluate<unknown> {
  switch (kindOf(type)) {
    case 'bool':
      return ({ source }) => source.buffer[source.at] === 1
    case 'int':
      return ints.read
    case 'timestamp':
      return compileTimestamp(type, ints, overflow)
    case 'double':
      return type.kind === 'float'
        ? ({ source }) => source.buffer.view.getFloat32(source.at, true)
        : ({ source }) => source.buffer.view.getFloat64(source.at, true)
    default:
      return type.kind === 'enum' ? compileSymbol(type.symbols) : compileText(type)
  }
}

/** In microseconds. */
function compileTimestamp(
  type: BranchType,
  ints: Integers<Int>,
  overflow: number,
): Evaluate<unknown> {
  const perSecond = 'logical' in type ? (type.logical?.perSecond ?? 0) : 0
  const of = (factor: number): Evaluate<unknown> => {
    const micros = ints.of(BigInt(factor))!
    return (frame) => ints.multiply(ints.read(frame), micros, frame, overflow)
  }
  if (type.kind === 'int') return of(86_400_000_000)
  if (perSecond === 1e9) return (frame) => ints.floorDivide(ints.read(frame), 1000)
  return perSecond === 1e6 ? ints.read : of(1e6 / perSecond)
}

function compileSymbol(symbols: readonly string[]): Evaluate<Text> {
  const texts = symbols.map((symbol) => new OwnText().of(symbol))
  return ({ source }) => texts[readInt(source)]
}

function compileText(type: BranchType): Evaluate<Text> {
  const text = new Text()
  if (type.kind === 'fixed') {
    const { size } = type as FixedType
    return ({ source }) => text.set(source.buffer, source.at, source.at + size)
  }
  return ({ source }) => {
    const length = readInt(source)
    return text.set(source.buffer, source.at, source.at + length)
  }
}
