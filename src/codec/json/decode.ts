/** JSON values as Avro's, compiled for a type: by the table in docs/formats.md. */
import { varintBytes, writeVarint } from '../../bytes.ts'
import {
  type AvroType,
  type BranchType,
  type RecordType,
  typeText,
  type UnionType,
} from '../avro/schema.ts'
import { JsonRecord } from './record.ts'
import { compileScalar, isWholeNumber } from './scalars.ts'
import { type JsonTransfer, MISFIT, MISSING, NONE, type ReadJson } from './transfer.ts'
import { undeclaredOf } from './undeclared.ts'
import { compileUndeclared } from './undeclared-texts.ts'
import {
  BOOLEAN,
  CLOSE,
  CLOSE_LIST,
  ENDS,
  IS_WRONG,
  kindOf,
  LIST,
  NULL,
  NUMBER,
  OBJECT,
  OPEN,
  OPEN_LIST,
  open,
  readName,
  skip,
  TEXT,
  toFollowing,
  toMember,
} from './walk.ts'

/** How a type is read that is known already. */
export type Known = Map<AvroType, Pick<JsonRecord, 'read'>>

/**
 * Of a whole value.
 * @param known names of the record's members that are passed over
 * @param taken names of members that are left out where all others come out
 * @param records types in it that are read in a way of their own
 */
export function compileRoot(
  type: RecordType,
  known: readonly string[],
  taken: readonly string[],
  records: Known = new Map(),
): ReadJson {
  const wanted = wantedOf(type)
  const record = new JsonRecord(type, known, wanted, taken)
  record.complete(type.fields.map((field) => compileRead(field.type, records)))
  return (transfer) => {
    const { at, buffer } = transfer
    if (buffer[at] === OPEN) return record.read(transfer, true)
    // It may be no JSON at all.
    return skip(transfer) && transfer.refuse(at, wanted)
  }
}

/** @param records those that are compiled already */
export function compileRead(type: AvroType, records: Known = new Map()): ReadJson {
  const known = records.get(type)
  if (known !== undefined) return (transfer) => known.read(transfer, false)
  switch (type.kind) {
    case 'record': {
      const record = recordOf(type, records)
      return (transfer) => record.read(transfer, false)
    }
    case 'union':
      return readUnion(type, records)
    case 'array':
      return readList(compileRead(type.items, records), wantedOf(type))
    case 'map':
      return readMap(compileRead(type.values, records), wantedOf(type))
    default: {
      const undeclared = undeclaredOf(type)
      return undeclared === undefined ? compileScalar(type) : compileUndeclared(undeclared)
    }
  }
}

const wantedOf = (type: AvroType): string => typeText(type)

function recordOf(type: RecordType, records: Known): JsonRecord {
  const record = new JsonRecord(type, [], wantedOf(type))
  // Known before its fields are, which may be of its type.
  records.set(type, record)
  record.complete(type.fields.map((field) => compileRead(field.type, records)))
  return record
}

/** A count of fewer is a single byte. */
const SHORT = 64

/** Writes what the items are, behind their count, which is known then. */
function readBlock(
  transfer: JsonTransfer,
  close: number,
  item: (transfer: JsonTransfer, index: number) => boolean,
): boolean {
  const { sink } = transfer
  if (!transfer.enter()) return false
  const start = sink.written
  if (!sink.int(0)) return false
  let count = 0
  let state = open(transfer, close)
  for (; state !== ENDS; state = toFollowing(transfer, close)) {
    if (state === IS_WRONG || !item(transfer, count)) return false
    count++
  }
  transfer.depth--
  if (count === 0) return true
  if (count < SHORT) sink.buffer[sink.start + start] = 2 * count
  else if (!insertCount(transfer, start, count)) return false
  return sink.int(0)
}

/** The count takes more bytes than the one that was left for it at `start`: the items move on. */
function insertCount({ sink }: JsonTransfer, start: number, count: number): boolean {
  const { written } = sink
  const shift = varintBytes(2 * count) - 1
  if (!sink.reserve(shift)) return false
  const { buffer } = sink
  const at = sink.start + start
  buffer.copyWithin(at + 1 + shift, at + 1, sink.at)
  writeVarint(buffer, at, 2 * count)
  sink.rewind(written + shift)
  return true
}

export function readList(item: ReadJson, wanted: string): ReadJson {
  const one = (transfer: JsonTransfer, index: number): boolean =>
    item(transfer) || transfer.endedAt(index)
  return (transfer) => {
    const { at, buffer } = transfer
    return buffer[at] === OPEN_LIST
      ? readBlock(transfer, CLOSE_LIST, one)
      : transfer.refuse(at, wanted)
  }
}

export function readMap(value: ReadJson, wanted: string): ReadJson {
  const one = (transfer: JsonTransfer): boolean => {
    const { at } = transfer
    if (!readName(transfer)) return false
    const { sink, text, textStart, textEnd } = transfer
    const isWritten = sink.int(textEnd - textStart) && sink.copy(text, textStart, textEnd)
    if (!isWritten || !toMember(transfer)) return false
    return value(transfer) || transfer.endedIn(nameAt(transfer, at))
  }
  return (transfer) => {
    const { at, buffer } = transfer
    return buffer[at] === OPEN ? readBlock(transfer, CLOSE, one) : transfer.refuse(at, wanted)
  }
}

/** A name as it is written, for a message. */
function nameAt({ buffer, end }: JsonTransfer, at: number): string {
  const [name] = buffer.toString('utf8', at, Math.min(end, at + 80)).split(/(?<=[^\\])":?/)
  return name.slice(1)
}

export interface Branch {
  readonly index: number
  readonly type: BranchType
  readonly read: ReadJson
}

/** What JSON's values are of a branch: the exact type of a text comes before those that only have a text. */
const KINDS: Readonly<Record<string, readonly number[]>> = {
  null: [NULL],
  boolean: [BOOLEAN],
  record: [OBJECT],
  map: [OBJECT],
  array: [LIST],
  enum: [TEXT],
  string: [TEXT],
  float: [NUMBER, TEXT],
  double: [NUMBER, TEXT],
}

/** Whole numbers are of the first of these that there is, and others of the last. */
export const NUMBERS = ['int', 'long', 'bytes', 'fixed', 'double', 'float']

function kindsOf(type: BranchType): readonly number[] {
  if (type.kind in KINDS) return KINDS[type.kind]
  const logical = 'logical' in type ? type.logical : null
  if (type.kind === 'int' || type.kind === 'long') {
    return logical === null ? [NUMBER] : [NUMBER, TEXT]
  }
  return logical?.name === 'decimal' ? [NUMBER, TEXT] : [TEXT]
}

function readUnion(union: UnionType, records: Known): ReadJson {
  const branches = union.branches.map(
    (type, index): Branch => ({ index, type, read: compileRead(type, records) }),
  )
  const wanted = wantedOf(union)
  const rank = ({ type }: Branch): number => NUMBERS.indexOf(type.kind)
  const numbers = branches
    .filter(({ type }) => kindsOf(type).includes(NUMBER))
    .sort((a, b) => rank(a) - rank(b))
  const isInteger = ({ type }: Branch): boolean => type.kind === 'int' || type.kind === 'long'
  const wholes = firstOf(numbers, wanted)
  const others = firstOf(
    [...numbers.filter((one) => !isInteger(one)), ...numbers.filter(isInteger)],
    wanted,
  )
  const byKind = [NULL, BOOLEAN, NUMBER, TEXT, OBJECT, LIST].map((kind) =>
    kind === NUMBER ? wholes : firstOf(branchesOf(branches, kind), wanted),
  )
  const isMixed = numbers.some(isInteger) && !numbers.every(isInteger)
  return (transfer) => {
    const kind = kindOf(transfer.buffer[transfer.at])
    if (isMixed && kind === NUMBER && !isWholeNumber(transfer)) {
      return transfer.fault === NONE && others(transfer)
    }
    return byKind[kind](transfer)
  }
}

/** An enum's symbol is not any text, and a text is rather one than what is written as one; a map has any members. */
const RANKS: Readonly<Record<string, number>> = { enum: -1, string: 0, map: 2 }
export const rankOf = ({ kind }: BranchType): number => RANKS[kind] ?? 1

/** Those that take such values, the most exact first. */
function branchesOf(branches: readonly Branch[], kind: number): Branch[] {
  const all = branches.filter(({ type }) => kindsOf(type).includes(kind))
  return all.sort((a, b) => rankOf(a.type) - rankOf(b.type))
}

/** Reads by the first of them that takes the value. */
export function firstOf(branches: readonly Branch[], wanted: string): ReadJson {
  if (branches.length === 0) return (transfer) => transfer.refuse(transfer.at, wanted)
  const reads = branches.map(
    ({ index, read }): ReadJson =>
      (transfer) =>
        transfer.sink.int(index) && read(transfer),
  )
  if (reads.length === 1) return reads[0]
  const records = branches.filter(({ type }) => type.kind === 'record').length
  return (transfer) => {
    const { at, isStrict } = transfer
    // The one that knows all members, before one that passes some over.
    for (const strict of records > 1 && !isStrict ? [true, false] : [isStrict]) {
      for (const read of reads) {
        transfer.isStrict = strict
        const isRead = attempt(transfer, read)
        transfer.isStrict = isStrict
        if (isRead || transfer.fault !== NONE) return isRead
      }
    }
    return transfer.refuse(at, wanted)
  }
}

/** False with a fault: no other branch is of use. */
function attempt(transfer: JsonTransfer, read: ReadJson): boolean {
  const { at, depth, marked, sink } = transfer
  const { written } = sink
  if (read(transfer)) return true
  const isMisfit = transfer.fault === MISFIT || transfer.fault === MISSING
  if (!isMisfit || !transfer.mayRepeat(transfer.at - at)) return false
  transfer.at = at
  transfer.depth = depth
  transfer.unmark(marked)
  sink.rewind(written)
  transfer.fault = NONE
  transfer.path = ''
  return false
}
