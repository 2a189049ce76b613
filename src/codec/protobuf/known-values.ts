/** Reads the messages that stand for a value of another kind, by the table in docs/formats.md. */
import { bytesOf } from '../../bytes.ts'
import { compileDecimal } from '../avro/decimal.ts'
import type { Logical } from '../avro/logical.ts'
import { AvroTransfer, type Transcode } from '../avro/transfer.ts'
import type { Read } from './scalars.ts'
import { LEN, VARINT, type Wire } from './wire.ts'

const SECONDS = 1
const NANOS = 2
/** 0001-01-01 to 9999-12-31, which is what a Timestamp may be. */
const FIRST_SECOND = -62_135_596_800
const LAST_SECOND = 253_402_300_799
const NANOS_PER_SECOND = 1_000_000_000
const MICROS = 1_000_000
/** What `AvroSink.int` takes. */
const MOST_INT = 2 ** 51
const MOST_PARTS = 4
/** Among the parts: the place of bytes, never 0. */
const BYTES = 0
const VALUE = 1
const SCALE = 3
/** More than any money has. */
const MOST_SCALE = 1000

/** The numbers in fields 1 to 4 of a message, and where the bytes in its first one are; false: it is none. */
function readParts(wire: Wire, parts: Float64Array): boolean {
  const length = wire.length()
  if (length < 0) return false
  const { end } = wire
  parts.fill(0)
  wire.end = wire.at + length
  while (wire.at < wire.end) {
    if (!wire.readTag()) return false
    const { tag, at } = wire
    if (!wire.skip(tag)) return false
    const number = tag >>> 3
    if (number === VALUE && (tag & 7) === LEN) parts[BYTES] = at
    if (number > MOST_PARTS || (tag & 7) !== VARINT) continue
    parts[number] = wire.high * 2 ** 32 + (wire.low >>> 0)
  }
  wire.end = end
  return true
}

const parts = (): Float64Array => new Float64Array(MOST_PARTS + 1)

const areNanos = (nanos: number): boolean => nanos >= 0 && nanos < NANOS_PER_SECOND

/** google.protobuf.Timestamp, as microseconds since 1970, rounded down. */
export function compileTimestamp(): Read {
  const of = parts()
  return (wire) => {
    if (!readParts(wire, of)) return false
    const seconds = of[SECONDS]
    const nanos = of[NANOS]
    if (!(seconds >= FIRST_SECOND && seconds <= LAST_SECOND) || !areNanos(nanos)) {
      return wire.refuse('is no time of the years 1 to 9999')
    }
    const micros = Math.floor(nanos / 1000)
    const sum = seconds * MICROS + micros
    return Math.abs(sum) < MOST_INT
      ? wire.sink.int(sum)
      : wire.sink.long(BigInt(seconds) * BigInt(MICROS) + BigInt(micros))
  }
}

/** google.type.Date, as days since 1970. */
export function compileDate(): Read {
  const of = parts()
  return (wire) => {
    if (!readParts(wire, of)) return false
    const year = of[1]
    const month = of[2]
    const day = of[3]
    const isDate =
      year >= 1 &&
      year <= 9999 &&
      month >= 1 &&
      month <= 12 &&
      day >= 1 &&
      day <= daysOf(year, month)
    if (!isDate) return wire.refuse('is no whole date of the years 1 to 9999')
    return wire.sink.int(daysSince1970(year, month, day))
  }
}

function daysOf(year: number, month: number): number {
  if (month === 2) return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** By Howard Hinnant's days_from_civil, whose years begin in March. */
function daysSince1970(year: number, month: number, day: number): number {
  const years = month <= 2 ? year - 1 : year
  const era = Math.floor(years / 400)
  const inEra = years - era * 400
  const ofYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const ofEra = inEra * 365 + Math.floor(inEra / 4) - Math.floor(inEra / 100) + ofYear
  return era * 146_097 + ofEra - 719_468
}

/** google.type.TimeOfDay, as microseconds since midnight, rounded down; up to 24:00 and leap seconds, as it says. */
export function compileTimeOfDay(): Read {
  const of = parts()
  return (wire) => {
    if (!readParts(wire, of)) return false
    const hours = of[1]
    const minutes = of[2]
    const seconds = of[3]
    const nanos = of[4]
    const isTime =
      hours >= 0 && hours <= 24 && minutes >= 0 && minutes < 60 && seconds >= 0 && seconds <= 60
    if (!isTime || !areNanos(nanos)) return wire.refuse('is no time of a day')
    const whole = (hours * 60 + minutes) * 60 + seconds
    return wire.sink.int(whole * MICROS + Math.floor(nanos / 1000))
  }
}

/** confluent.type.Decimal: of each value's own scale, exactly as one of the field's. */
export function compileDecimalValue(to: Logical): Read {
  const of = parts()
  const zero = bytesOf(Buffer.of(0))
  const transfer = new AvroTransfer()
  const byScale = new Map<number, Transcode>()
  return (wire) => {
    if (!readParts(wire, of)) return false
    const scale = of[SCALE]
    if (!(scale >= 0 && scale <= MOST_SCALE)) return wire.refuse('has a scale that no decimal has')
    const behind = wire.at
    wire.at = of[BYTES]
    const length = wire.at === 0 ? 0 : wire.length()
    // Without bytes it is 0.
    const bytes = length === 0 ? zero : wire.buffer
    const at = length === 0 ? 0 : wire.at
    wire.at = behind
    if (scale === to.scale) {
      return (
        wire.sink.int(Math.max(1, length)) && wire.sink.copy(bytes, at, at + Math.max(1, length))
      )
    }
    let convert = byScale.get(scale)
    if (convert === undefined) {
      convert = compileDecimal({ ...to, scale, precision: Math.max(to.precision, scale) }, to, -1)
      byScale.set(scale, convert)
    }
    return converted(wire, transfer, convert, bytes.subarray(at, at + Math.max(1, length)))
  }
}

function converted(
  wire: Wire,
  transfer: AvroTransfer,
  convert: Transcode,
  unscaled: Uint8Array,
): boolean {
  const avro = Buffer.concat([Buffer.alloc(10), unscaled])
  transfer.begin(bytesOf(avro), 0, avro.length)
  transfer.sink.int(unscaled.length)
  const { written, start, buffer } = transfer.sink
  const at = avro.length - unscaled.length - written
  buffer.copy(avro, at, start, start + written)
  transfer.begin(bytesOf(avro), at, avro.length)
  if (!convert(transfer)) return wire.mismatch(transfer.misfit)
  const { sink } = transfer
  return wire.sink.copy(sink.buffer, sink.start, sink.at)
}
