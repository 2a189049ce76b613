/**
 * What the hot path does with bytes. Calls into Node make an object each, and a loop over single
 * bytes pays for a check per byte: words are read and written through a DataView, unaligned.
 */
export interface Bytes extends Buffer {
  /** Of the same bytes. */
  readonly view: DataView
}

/**
 * The same memory with a view. Always a new object: buffers that native code has made are of another
 * hidden class than Node's own, and what meets both is compiled again, and to slower code.
 */
export function bytesOf({ buffer, byteOffset, length }: Buffer): Bytes {
  return Object.assign(Buffer.from(buffer, byteOffset, length), {
    view: new DataView(buffer, byteOffset, length),
  })
}

export const NO_BYTES = bytesOf(Buffer.alloc(0))

/** More than this, and a call into Node 24 is the quicker, which takes some 40 ns. */
const LARGE = 256

/** Murmur3 (Appleby) as a signed integer of 32 bits, which V8 keeps unboxed; its low bits are good, which the indexes need. */
export function hashBytes({ view }: Bytes, start: number, end: number): number {
  let h = 0
  let at = start
  for (; at + 4 <= end; at += 4) {
    h ^= scrambled(view.getInt32(at, true))
    h = (Math.imul((h << 13) | (h >>> 19), 5) + 0xe6546b64) | 0
  }
  let rest = 0
  for (let shift = 0; at < end; shift += 8) rest |= view.getUint8(at++) << shift
  h ^= scrambled(rest) ^ (end - start)
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b)
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35)
  return h ^ (h >>> 16)
}

function scrambled(word: number): number {
  const k = Math.imul(word, 0xcc9e2d51)
  return Math.imul((k << 15) | (k >>> 17), 0x1b873593)
}

/**
 * Copies `source[start, end)` to `target` at `position`; returns the position behind it. They must
 * not overlap. Eight bytes at a time go as a double: a move of its bits, whatever number they are.
 * The last ones go once more over some that are there already, which takes no loop over a rest.
 */
export function copyBytes(
  source: Bytes,
  start: number,
  end: number,
  target: Bytes,
  position: number,
): number {
  const length = end - start
  if (length > LARGE) {
    source.copy(target, position, start, end)
    return position + length
  }
  const from = source.view
  const to = target.view
  if (length >= 8) {
    const shift = position - start
    const last = end - 8
    let i = start
    for (; i + 24 < last; i += 32) {
      to.setFloat64(i + shift, from.getFloat64(i, true), true)
      to.setFloat64(i + 8 + shift, from.getFloat64(i + 8, true), true)
      to.setFloat64(i + 16 + shift, from.getFloat64(i + 16, true), true)
      to.setFloat64(i + 24 + shift, from.getFloat64(i + 24, true), true)
    }
    for (; i < last; i += 8) to.setFloat64(i + shift, from.getFloat64(i, true), true)
    to.setFloat64(last + shift, from.getFloat64(last, true), true)
  } else if (length >= 4) {
    to.setInt32(position, from.getInt32(start, true), true)
    to.setInt32(position + length - 4, from.getInt32(end - 4, true), true)
  } else {
    for (let i = 0; i < length; i++) to.setUint8(position + i, from.getUint8(start + i))
  }
  return position + length
}

/** Whether `a[aStart, aStart + length)` and `b[bStart, bStart + length)` are the same. */
export function sameBytes(
  a: Bytes,
  aStart: number,
  b: Bytes,
  bStart: number,
  length: number,
): boolean {
  const one = a.view
  const other = b.view
  let i = 0
  for (; i + 4 <= length; i += 4) {
    if (one.getInt32(aStart + i, true) !== other.getInt32(bStart + i, true)) return false
  }
  for (; i < length; i++) {
    if (one.getUint8(aStart + i) !== other.getUint8(bStart + i)) return false
  }
  return true
}

/** Bytes of an unsigned varint, of up to 53 bits. */
export function varintBytes(value: number): number {
  let bytes = 1
  for (let unit = 128; value >= unit; unit *= 128) bytes++
  return bytes
}

/** Returns the position behind it. */
export function writeVarint(buffer: Buffer, position: number, value: number): number {
  let at = position
  let rest = value
  for (; rest >= 2 ** 31; rest = Math.floor(rest / 128)) buffer[at++] = (rest & 127) | 128
  let low = rest | 0
  for (; low > 127; low >>>= 7) buffer[at++] = (low & 127) | 128
  buffer[at++] = low
  return at
}

/**
 * Memory that is used again and again. V8 does not count shared memory: fresh pieces of any other
 * kind, being outside its heap, make it collect garbage where there is none.
 */
export function reusedBuffer(bytes: number): Bytes {
  return bytesOf(Buffer.from(new SharedArrayBuffer(bytes)))
}
