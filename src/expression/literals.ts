import { NULL } from './frame.ts'
import { WIDEN } from './operators.ts'
import { type Part, partOf } from './part.ts'
import { isUnsigned } from './syntax.ts'
import { textOf } from './text.ts'
import { type Kind, type Type, typeOf } from './types.ts'

/** A literal's part; a text: why it is none. */
export function literal(value: unknown, at: number): Part | string {
  if (value === null) return nothing(at)
  if (isUnsigned(value)) return 'unsigned numbers: not supported; leave the u out'
  if (typeof value === 'bigint') return whole(value, at)
  if (typeof value === 'boolean') return constant('bool', value, at)
  if (typeof value === 'number') return constant('double', value, at)
  if (typeof value === 'string') return { ...constant('string', textOf(value), at), literal: value }
  return constant('bytes', textOf(value as Uint8Array), at)
}

const constant = (kind: Kind, value: unknown, at: number): Part => ({
  type: typeOf(kind),
  at,
  size: 1,
  compile: () => () => value,
})

const nothing = (at: number): Part => ({
  type: typeOf('null', true),
  at,
  size: 1,
  compile: () => (frame) => {
    frame.state = NULL
    return undefined
  },
})

function whole(value: bigint, at: number): Part | string {
  if (BigInt.asIntN(64, value) !== value) return `${value} is beyond the whole numbers of 64 bits`
  return {
    type: typeOf('int'),
    at,
    size: 1,
    compile: ({ ints }) => {
      const own = ints.of(value)
      if (own !== undefined) return () => own
      return (frame) => frame.needsExact()
    },
  }
}

/** Parts of which one is taken, and the type that they have then; undefined: they have none together. */
export function unified(
  parts: readonly Part[],
): { type: Type; parts: readonly Part[] } | undefined {
  const kinds = new Set(parts.map(({ type }) => type.kind))
  kinds.delete('null')
  const isWider = kinds.size === 2 && kinds.has('int') && kinds.has('double')
  if ((kinds.size > 1 && !isWider) || parts.length === 0) return undefined
  const [kind = 'null'] = isWider ? (['double'] as const) : kinds
  const scales = new Set(parts.map(({ type }) => (type.kind === 'decimal' ? type.scale : -1)))
  scales.delete(-1)
  if (scales.size > 1) return undefined
  return {
    type: {
      kind,
      nullable: parts.some(({ type }) => type.nullable),
      micros: parts.some(({ type }) => type.micros),
      scale: [...scales][0] ?? 0,
    },
    parts: isWider ? parts.map(widened) : parts,
  }
}

const widened = (part: Part): Part =>
  part.type.kind === 'int' ? partOf({ gives: 'double', make: WIDEN }, [part], part.at) : part
