/**
 * Which of the reader's types and fields stands for which of the writer's.
 * https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
 */
import { relationOf } from './logical.ts'
import {
  type AvroType,
  type BranchType,
  type RecordType,
  type TypeName,
  unqualified,
} from './schema.ts'

/** What a value of the writer's type may become where the reader has another one. */
const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ['long', 'float', 'double'],
  long: ['float', 'double'],
  float: ['double'],
  string: ['bytes'],
  bytes: ['string'],
}

/** Whether a writer's type is meant by the reader's: by the unqualified name, or by that of an alias. */
export function namesMatch(writer: TypeName, reader: TypeName): boolean {
  const name = unqualified(writer.full)
  return [reader.full, ...reader.aliases].some((known) => unqualified(known) === name)
}

/** How well a value of the writer's type becomes one of the reader's, as far as this is seen from outside. */
const NOT_AT_ALL = 0
const CONVERTED = 1
const ALIKE = 2
const OF_ONE_NAME = 3

/** Whether a value of the writer's type can become one of the reader's, but for what is inside of both. */
export const canMatch = (writer: BranchType, reader: BranchType): boolean =>
  rank(writer, reader) > NOT_AT_ALL

function rank(writer: BranchType, reader: BranchType): number {
  if ('name' in writer || 'name' in reader) return rankOfNamed(writer, reader)
  if (writer.kind === 'array' || writer.kind === 'map') {
    return writer.kind === reader.kind ? ALIKE : NOT_AT_ALL
  }
  if (reader.kind === 'array' || reader.kind === 'map') return NOT_AT_ALL
  const [from, to] = [writer.logical, reader.logical]
  const relation = relationOf(from, to)
  if (relation === 'differs') return NOT_AT_ALL
  if (writer.kind === reader.kind) return ALIKE
  // Times of two units may be int and long, and the other way round.
  if (relation === 'converts') return CONVERTED
  // Text as a decimal's bytes would be another number.
  if (from?.name === 'decimal' || to?.name === 'decimal') return NOT_AT_ALL
  return PROMOTIONS[writer.kind]?.includes(reader.kind) ? CONVERTED : NOT_AT_ALL
}

function rankOfNamed(writer: BranchType, reader: BranchType): number {
  if (writer.kind !== reader.kind || !('name' in writer) || !('name' in reader)) return NOT_AT_ALL
  if (!namesMatch(writer.name, reader.name)) return NOT_AT_ALL
  if (writer.kind === 'fixed' && reader.kind === 'fixed') {
    if (writer.size !== reader.size) return NOT_AT_ALL
    if (relationOf(writer.logical, reader.logical) === 'differs') return NOT_AT_ALL
  }
  return writer.name.full === reader.name.full ? OF_ONE_NAME : ALIKE
}

/** The reader's branch for values of a type: that of the same type before one that it is promoted to; -1: none. */
export function branchFor(writer: BranchType, branches: readonly BranchType[]): number {
  const ranks = branches.map((branch) => rank(writer, branch))
  const best = Math.max(...ranks)
  return best === NOT_AT_ALL ? -1 : ranks.indexOf(best)
}

/**
 * For each of the reader's fields the index of the writer's that it is read from, by name or alias;
 * -1: there is none. As Java 1.12 has it, a writer's field goes to the field that has its name for an
 * alias before it goes to the one that has its name, unless the writer has the former, too.
 */
export function fieldSources(writer: RecordType, reader: RecordType): number[] {
  const written = new Set(writer.fields.map(({ name }) => name))
  const targets = writer.fields.map(({ name }) => {
    const renamed = reader.fields.find(
      (field) => field.aliases.includes(name) && !written.has(field.name),
    )
    return renamed?.name ?? name
  })
  return reader.fields.map(({ name }) => targets.indexOf(name))
}

/** Something for each pair of records that has been met. */
export class RecordPairs<T> {
  readonly #known = new Map<RecordType, Map<RecordType, T>>()

  get(writer: RecordType, reader: RecordType): T | undefined {
    return this.#known.get(writer)?.get(reader)
  }

  set(writer: RecordType, reader: RecordType, value: T): void {
    const of = this.#known.get(writer) ?? new Map<RecordType, T>()
    this.#known.set(writer, of.set(reader, value))
  }
}

/**
 * Whether the bytes of any value of the writer's type are those of the same value of the reader's, so
 * that nothing has to be done. Two recursive types that are alike so far are taken to be alike.
 */
export function sameBytes(
  writer: AvroType,
  reader: AvroType,
  assumed: RecordPairs<true> = new RecordPairs(),
): boolean {
  if (writer.kind === 'union' || reader.kind === 'union') {
    if (writer.kind !== 'union' || reader.kind !== 'union') return false
    return writer.branches.every((branch, i) => {
      const at = branchFor(branch, reader.branches)
      return at === i && sameBytes(branch, reader.branches[i], assumed)
    })
  }
  if (!canMatch(writer, reader)) return false
  if (writer.kind === 'record' && reader.kind === 'record') {
    if (assumed.get(writer, reader)) return true
    assumed.set(writer, reader, true)
    const { fields } = writer
    if (fields.length !== reader.fields.length) return false
    return fieldSources(writer, reader).every(
      (source, i) => source === i && sameBytes(fields[i].type, reader.fields[i].type, assumed),
    )
  }
  if (writer.kind === 'array' && reader.kind === 'array') {
    return sameBytes(writer.items, reader.items, assumed)
  }
  if (writer.kind === 'map' && reader.kind === 'map') {
    return sameBytes(writer.values, reader.values, assumed)
  }
  if (writer.kind === 'enum' && reader.kind === 'enum') {
    return writer.symbols.every((symbol, i) => symbol === reader.symbols[i])
  }
  return haveSameBytes(writer, reader)
}

/** Of types that match and have nothing inside. */
function haveSameBytes(writer: BranchType, reader: BranchType): boolean {
  const from = 'logical' in writer ? writer.logical : null
  const to = 'logical' in reader ? reader.logical : null
  if (relationOf(from, to) === 'converts') return false
  return writer.kind === reader.kind || !['float', 'double'].includes(reader.kind)
}
