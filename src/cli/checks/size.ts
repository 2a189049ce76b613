/** How many bytes a record will have: an estimate from its schema alone. */
import { UNDECLARED_TEXTS, undeclaredName } from '../../codec/json/undeclared.ts'
import type { OutputField, OutputPlan } from '../../plan/output-plan.ts'

/** What is assumed of a text, and of the items of an array or a map. */
export const TEXT_BYTES = 16
const ITEMS = 3
const FRAME_BYTES = 5

const PRIMITIVES: Readonly<Record<string, number>> = {
  null: 0,
  boolean: 1,
  int: 2,
  long: 5,
  float: 4,
  double: 8,
  string: 1 + TEXT_BYTES,
  bytes: 1 + TEXT_BYTES,
  enum: 1,
}

interface TypeObject {
  readonly type: unknown
  readonly name?: string
  readonly size?: number
  readonly items?: unknown
  readonly values?: unknown
  readonly fields?: readonly { readonly type: unknown }[]
}

/** A union counts as its largest branch. A name that stands for a type counts as that type, where it came before. */
export function typeBytes(type: unknown, named = new Map<string, number>()): number {
  const of = (inner: unknown): number => typeBytes(inner, named)
  if (typeof type === 'string') return PRIMITIVES[type] ?? named.get(type) ?? TEXT_BYTES
  if (Array.isArray(type)) return 1 + Math.max(...type.map(of))
  const { type: kind, name, size = 0, items, values, fields = [] } = type as TypeObject
  // A type that contains itself: the inner one counts as a text.
  if (name !== undefined) named.set(name, TEXT_BYTES)
  const bytes = bytesOf()
  if (name !== undefined) named.set(name, bytes)
  return bytes

  function bytesOf(): number {
    switch (kind) {
      case 'fixed':
        return size
      case 'array':
        return 2 + ITEMS * of(items)
      case 'map':
        return 2 + ITEMS * (1 + TEXT_BYTES + of(values))
      case 'record':
        return fields.reduce((sum, field) => sum + of(field.type), 0)
      default:
        return of(kind)
    }
  }
}

const fieldsBytes = (fields: readonly OutputField[]): number =>
  fields.reduce((sum, { type, branch }) => sum + typeBytes(type) + (branch ? 1 : 0), 0)

export interface RecordBytesEstimate {
  /** An output value, with its frame. */
  readonly output: number
  /** By join: what a left and a right record take in its window. */
  readonly windows: readonly { readonly left: number; readonly right: number }[]
}

export function estimateBytes(plan: OutputPlan): RecordBytesEstimate {
  let left = fieldsBytes([...plan.facts, ...plan.dimensions.flat()])
  const windows = plan.rights.map((fields) => {
    const window = { left, right: fieldsBytes(fields) }
    left += window.right
    return window
  })
  return { output: FRAME_BYTES + left, windows }
}

/** `string`, `["null", "long"]`, `enum Channel`: a type in a word or two. */
export function typeText(type: unknown): string {
  if (typeof type === 'string') return type
  if (Array.isArray(type)) return type.map(typeText).join(' or ')
  const {
    type: kind,
    name,
    logicalType,
    items,
    values,
  } = type as TypeObject & {
    logicalType?: string
  }
  const undeclared = undeclaredName(type)
  if (undeclared !== undefined) return UNDECLARED_TEXTS[undeclared]
  if (logicalType !== undefined) return `${typeText(kind)} (${logicalType})`
  if (kind === 'array') return `array of ${typeText(items)}`
  if (kind === 'map') return `map of ${typeText(values)}`
  return name === undefined ? typeText(kind) : `${typeText(kind)} ${name}`
}
