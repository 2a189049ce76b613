import { SchemaFault } from './schema-refs.ts'
import type { Type } from './schema-types.ts'

/** One type of several, null first: Avro has none twice, and no union in a union. Throws SchemaFault. */
export function unionOf(types: readonly Type[]): Type {
  const branches = new Map<string, Type>()
  for (const type of types.flatMap((one) => (Array.isArray(one) ? (one as Type[]) : [one]))) {
    const kind = kindOf(type)
    const before = branches.get(kind)
    branches.set(kind, before === undefined ? type : both(kind, before, type))
  }
  // A whole number of any size is one that has more room.
  if (branches.has('long')) branches.delete('int')
  const all = [...branches].map(([, type]) => type)
  const sorted = [...all.filter((one) => one === 'null'), ...all.filter((one) => one !== 'null')]
  if (sorted.length === 0) throw new SchemaFault('may be nothing at all')
  return sorted.length === 1 ? sorted[0] : sorted
}

interface Named {
  readonly type: string
  readonly name?: string
}

/** What Avro tells branches apart by. */
function kindOf(type: Type): string {
  if (typeof type === 'string') return type
  const { type: kind, name } = type as unknown as Named
  return name ?? kind
}

/** What two branches of one kind are. */
function both(kind: string, one: Type, other: Type): Type {
  if (JSON.stringify(one) === JSON.stringify(other)) return one
  // A named type is defined where it is first, and a name after that.
  if (other === kind && typeof one === 'object') return one
  if (kind === 'string' || kind === 'int' || kind === 'long') return kind
  throw new SchemaFault(`may be one of two that are both ${kind} in Avro; give it one type`)
}
