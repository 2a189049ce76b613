/** A result as an Avro value. */
import type { Schema } from 'avsc'
import type { AvroSink } from '../codec/avro/sink.ts'
import { FAILED, type Frame, type Int, NULL } from './frame.ts'
import type { Part, Target } from './part.ts'
import type { Text } from './text.ts'
import { type Kind, type Type, typeText } from './types.ts'

const SCHEMAS: Partial<Record<Kind, Schema>> = {
  bool: 'boolean',
  int: 'long',
  double: 'double',
  string: 'string',
  bytes: 'bytes',
}

/** What to write where a result has no Avro type. */
const INSTEAD: Partial<Record<Kind, string>> = {
  duration: 'write its seconds, x.getSeconds()',
  decimal: 'write its nearest number, double(x), or its digits, string(x)',
  null: 'it has no type; leave it out',
}

/** The Avro type of a derived field; a text: why there is none. */
export function schemaOf(type: Type): { readonly schema: Schema } | string {
  const { kind, nullable, micros } = type
  const schema =
    kind === 'timestamp'
      ? ({ type: 'long', logicalType: `timestamp-${micros ? 'micros' : 'millis'}` } as Schema)
      : SCHEMAS[kind]
  if (schema === undefined) return `a field cannot be ${typeText(type)}: ${INSTEAD[kind]}`
  return { schema: nullable ? (['null', schema] as Schema) : schema }
}

/** Evaluates a part, and writes what it comes to. False: it has failed, and the sink is as it was. */
export type Write = (frame: Frame, sink: AvroSink) => boolean

/** @param isUnion whether the value has the branch of a union of null and its type before it */
export function compileWrite(part: Part, target: Target, isUnion: boolean): Write {
  const evaluate = part.compile(target)
  const write = writeOf(part.type, target)
  if (!isUnion) {
    return (frame, sink) => {
      const value = evaluate(frame)
      return frame.state !== FAILED && write(value as never, sink)
    }
  }
  return (frame, sink) => {
    const value = evaluate(frame)
    if (frame.state === FAILED) return false
    if (frame.state === NULL) {
      frame.reset()
      return sink.int(0)
    }
    return sink.int(1) && write(value as never, sink)
  }
}

function writeOf(
  { kind, micros }: Type,
  { ints }: Target,
): (value: never, sink: AvroSink) => boolean {
  switch (kind) {
    case 'bool':
      return (value: boolean, sink) => sink.int(value ? -1 : 0)
    case 'int':
      return ints.write
    case 'double':
      return (value: number, sink) => sink.double(value)
    case 'timestamp':
      return micros
        ? ints.write
        : (value: Int, sink) => ints.write(ints.floorDivide(value, 1000), sink)
    default:
      return ({ buffer, start, end }: Text, sink) =>
        sink.int(end - start) && sink.copy(buffer, start, end)
  }
}
