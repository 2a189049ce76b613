/** Values without anything inside, whose bytes are others in the reader's type: promotions, and arithmetic of logical types. */
import { compileDecimal } from './decimal.ts'
import { type Logical, logicalText, relationOf } from './logical.ts'
import { readBigInt, readNearest } from './long.ts'
import type { BranchType } from './schema.ts'
import type { Transcode } from './transfer.ts'
import { compileSkip, readInt } from './walk.ts'

/** Of types that `canMatch` and have not the `sameBytes`. */
export function compileConversion(writer: BranchType, reader: BranchType): Transcode {
  const from = 'logical' in writer ? writer.logical : null
  const to = 'logical' in reader ? reader.logical : null
  if (from !== null && to !== null && relationOf(from, to) === 'converts') {
    return from.name === 'decimal'
      ? compileDecimal(from, to, writer.kind === 'fixed' ? writer.size : -1)
      : compileTime(from, to, writer, reader)
  }
  return compilePromotion(writer, reader)
}

/** int → float, double; long → float, double; float → double. */
function compilePromotion(writer: BranchType, reader: BranchType): Transcode {
  const skip = compileSkip(writer)
  const isFloat = writer.kind === 'float'
  const toFloat = reader.kind === 'float'
  return ({ source, sink }) => {
    const from = source.at
    if (!skip(source)) return false
    const behind = source.at
    source.at = from
    const value = isFloat ? source.buffer.view.getFloat32(from, true) : readNearest(source)
    source.at = behind
    return toFloat ? sink.float(value) : sink.double(value)
  }
}

/** Another unit: multiplied, or divided and rounded down, which is what is earlier. */
function compileTime(
  from: Logical,
  to: Logical,
  writer: BranchType,
  reader: BranchType,
): Transcode {
  const skip = compileSkip(writer)
  const times = Math.max(1, to.perSecond / from.perSecond)
  const by = Math.max(1, from.perSecond / to.perSecond)
  const exact = 2 ** 52 / times
  const bits = reader.kind === 'int' ? 32 : 64
  const limit = 2 ** 31
  return (transfer) => {
    const { source, sink } = transfer
    const start = source.at
    if (!skip(source)) return false
    source.at = start
    const value = readInt(source)
    if (Math.abs(value) < exact) {
      const converted = Math.floor((value * times) / by)
      if (bits === 64 || (converted >= -limit && converted < limit)) return sink.int(converted)
    }
    source.at = start
    const long = readBigInt(source)
    const converted = floorDivided(long * BigInt(times), BigInt(by))
    if (BigInt.asIntN(bits, converted) === converted) return sink.long(converted)
    return transfer.refuse('', `is ${long} as ${logicalText(from)}, too much as ${logicalText(to)}`)
  }
}

const floorDivided = (value: bigint, by: bigint): bigint => value / by - (value % by < 0n ? 1n : 0n)
