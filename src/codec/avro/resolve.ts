/**
 * Makes the reader's bytes of the writer's: Avro's "Schema Resolution", compiled once for two schemas.
 * https://avro.apache.org/docs/1.12.0/specification/#schema-resolution
 *
 * As in Java, what no value can match is known before the first one, and what depends on the value (a
 * symbol or a branch that the reader does not have) is judged at each. Beyond Java, logical types count:
 * times are converted to the reader's unit, decimals to its scale.
 */
import { bytesOf } from '../../bytes.ts'
import { compileConversion } from './convert.ts'
import { encodeDefault } from './default.ts'
import { branchFor, canMatch, fieldSources, RecordPairs, sameBytes } from './match.ts'
import {
  type AvroType,
  type BranchType,
  type EnumType,
  type Field,
  type RecordType,
  typeText,
  type UnionType,
} from './schema.ts'
import { schemaText } from './schema-json.ts'
import { Incompatible, joined, refusing, type Transcode } from './transfer.ts'
import { compileSkip, DEEPEST, readCount, readInt, type Skip } from './walk.ts'

/** Throws Incompatible, with the field and both types, where no value of the one is a value of the other. */
export const resolve = (writer: AvroType, reader: AvroType): Transcode =>
  new Resolver().resolve(writer, reader)

/** Of two records. Their fields may be of the records' types again. */
interface Resolved {
  transcode: Transcode
  fault: Incompatible | undefined
}

/** One field of the writer's or the reader's, in the order in which they are gone through. */
interface Step {
  readonly name: string
  /** Of the writer's fields; -1: it has none. */
  readonly source: number
  readonly run: Transcode
}

/** Far more than a block can have, and no more than `AvroSink.int` takes. */
const MOST_ITEMS = 2 ** 32

class Resolver {
  readonly #records = new RecordPairs<Resolved>()
  readonly #skips = new Map<RecordType, Skip>()

  resolve(writer: AvroType, reader: AvroType): Transcode {
    if (sameBytes(writer, reader)) return copying(this.#skip(writer))
    if (writer.kind === 'union') return this.#fromUnion(writer, reader)
    if (reader.kind === 'union') return this.#toUnion(writer, reader)
    if (!canMatch(writer, reader)) throw differing(writer, reader)
    if (writer.kind === 'record' && reader.kind === 'record') return this.#record(writer, reader)
    if (writer.kind === 'enum' && reader.kind === 'enum') return symbols(writer, reader)
    if (writer.kind === 'array' && reader.kind === 'array') {
      return blocks(this.#inside(writer.items, reader.items))
    }
    if (writer.kind === 'map' && reader.kind === 'map') {
      const key = copying(compileSkip({ kind: 'string', logical: null }))
      const value = this.#inside(writer.values, reader.values)
      return blocks((transfer) => key(transfer) && value(transfer))
    }
    return compileConversion(writer, reader)
  }

  /** An array's items, a union's branches: there may be none of them in a value. */
  #inside(writer: AvroType, reader: AvroType): Transcode {
    const resolved = this.#attempt(writer, reader)
    return resolved instanceof Incompatible ? refusing(resolved) : resolved
  }

  #attempt(writer: AvroType, reader: AvroType): Transcode | Incompatible {
    try {
      return this.resolve(writer, reader)
    } catch (error) {
      if (error instanceof Incompatible) return error
      throw error
    }
  }

  #skip(type: AvroType): Skip {
    return compileSkip(type, this.#skips)
  }

  #fromUnion(writer: UnionType, reader: AvroType): Transcode {
    const attempts = writer.branches.map((branch) => this.#attempt(branch, reader))
    const faults = attempts.filter((attempt) => attempt instanceof Incompatible)
    if (faults.length === attempts.length) {
      throw faults.find(({ path }) => path !== '') ?? differing(writer, reader)
    }
    const branches = attempts.map((attempt) =>
      attempt instanceof Incompatible ? refusing(attempt) : attempt,
    )
    return (transfer) => branches[readInt(transfer.source)]?.(transfer) ?? false
  }

  #toUnion(writer: BranchType, reader: UnionType): Transcode {
    const at = branchFor(writer, reader.branches)
    if (at < 0) throw differing(writer, reader)
    const value = this.resolve(writer, reader.branches[at])
    return (transfer) => transfer.sink.int(at) && value(transfer)
  }

  #record(writer: RecordType, reader: RecordType): Transcode {
    const known = this.#records.get(writer, reader)
    if (known?.fault !== undefined) throw known.fault
    // It may be the one that is being resolved, further out.
    if (known !== undefined) return (transfer) => known.transcode(transfer)
    const resolved: Resolved = { transcode: () => false, fault: undefined }
    this.#records.set(writer, reader, resolved)
    try {
      resolved.transcode = this.#fields(writer, reader)
    } catch (error) {
      if (!(error instanceof Incompatible)) throw error
      resolved.fault = error
      resolved.transcode = refusing(error)
      throw error
    }
    return resolved.transcode
  }

  #fields(writer: RecordType, reader: RecordType): Transcode {
    const sources = fieldSources(writer, reader)
    const steps = reader.fields.map((field, i) => this.#field(writer, sources[i], field))
    const used = sources.filter((source) => source >= 0)
    const skips = writer.fields.map(({ type }) => this.#skip(type))
    const names = writer.fields.map(({ name }) => name)
    return used.every((source, i) => i === 0 || source > used[i - 1])
      ? inOrder(steps, names, skips)
      : inAnyOrder(steps, names, skips)
  }

  #field(writer: RecordType, source: number, { name, type, default: value }: Field): Step {
    if (source < 0) return { name, source, run: defaulting(name, type, value) }
    try {
      return { name, source, run: this.resolve(writer.fields[source].type, type) }
    } catch (error) {
      if (!(error instanceof Incompatible)) throw error
      throw new Incompatible(joined(name, error.path), error.misfit)
    }
  }
}

const differing = (writer: AvroType, reader: AvroType): Incompatible =>
  new Incompatible('', `is ${typeText(writer)}; the pipeline reads ${typeText(reader)}`)

function copying(skip: Skip): Transcode {
  return ({ source, sink }) => {
    const from = source.at
    return skip(source) && sink.copy(source.buffer, from, source.at)
  }
}

/** A field that the writer does not have. */
function defaulting(name: string, type: AvroType, value: unknown): Transcode {
  const missing = 'is not in it, and the pipeline’s schema has'
  if (value === undefined) throw new Incompatible(name, `${missing} no default for it`)
  const encoded = encodeDefault(type, value)
  if (encoded === undefined) {
    const text = schemaText(value)
    throw new Incompatible(
      name,
      `${missing} a default for it that is no ${typeText(type)}: ${text}`,
    )
  }
  const bytes = bytesOf(encoded)
  return ({ sink }) => sink.copy(bytes, 0, bytes.length)
}

/** The writer's fields one after the other; those that the reader does not have are walked. */
function inOrder(
  fields: readonly Step[],
  names: readonly string[],
  skips: readonly Skip[],
): Transcode {
  const steps: Step[] = []
  let next = 0
  const pass = (until: number): void => {
    for (; next < until; next++) {
      const skip = skips[next]
      steps.push({ name: names[next], source: next, run: ({ source }) => skip(source) })
    }
  }
  for (const field of fields) {
    if (field.source >= 0) {
      pass(field.source)
      next++
    }
    steps.push(field)
  }
  pass(skips.length)
  return (transfer) => {
    const { source } = transfer
    if (++source.depth > DEEPEST) return false
    for (const { run, name } of steps) if (!run(transfer)) return transfer.endedIn(name)
    source.depth--
    return true
  }
}

/** All of the writer's fields are walked first: the reader has them in another order. */
function inAnyOrder(
  fields: readonly Step[],
  names: readonly string[],
  skips: readonly Skip[],
): Transcode {
  return (transfer) => {
    const { source } = transfer
    if (++source.depth > DEEPEST) return false
    const starts: number[] = []
    for (let i = 0; i < skips.length; i++) {
      starts.push(source.at)
      if (!skips[i](source)) return transfer.endedIn(names[i])
    }
    const end = source.at
    if (!transfer.mayWalk(end - starts[0])) return false
    for (const { run, name, source: from } of fields) {
      if (from >= 0) source.at = starts[from]
      if (!run(transfer)) return transfer.endedIn(name)
    }
    source.at = end
    source.depth--
    return true
  }
}

function blocks(item: Transcode): Transcode {
  return (transfer) => {
    const { source, sink } = transfer
    if (++source.depth > DEEPEST) return false
    for (;;) {
      let left = readCount(source)
      if (!(left < MOST_ITEMS) || !sink.int(left)) return false
      if (left === 0) break
      for (; left > 0; left--) {
        const before = source.at
        if (!item(transfer) || !source.mayGoOn(before)) return false
      }
    }
    source.depth--
    return true
  }
}

function symbols(writer: EnumType, reader: EnumType): Transcode {
  const fallback = reader.fallback === undefined ? -1 : reader.symbols.indexOf(reader.fallback)
  const targets = writer.symbols.map((symbol) => {
    const target = reader.symbols.indexOf(symbol)
    return target < 0 ? fallback : target
  })
  if (targets.every((target) => target < 0)) {
    const [theirs, ours] = [writer, reader].map(({ symbols: all }) => all.join(', '))
    throw new Incompatible('', `is one of ${theirs}; the pipeline reads ${ours}`)
  }
  return (transfer) => {
    const index = readInt(transfer.source)
    const target = targets[index]
    if (target === undefined) return false
    if (target >= 0) return transfer.sink.int(target)
    const known = reader.symbols.join(', ')
    return transfer.refuse('', `is ${writer.symbols[index]}; the pipeline reads ${known}`)
  }
}
