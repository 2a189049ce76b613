import { type Bytes, bytesOf, reusedBuffer } from '../bytes.ts'

/**
 * Buffers that are used again. A fresh one of a megabyte costs page faults, and its memory, being
 * outside the JavaScript heap, garbage collections. Sizes are powers of two.
 */
const SMALLEST = 16 * 1024
/** Larger ones are left to the garbage collector. */
const LARGEST = 8 * 1024 * 1024
/** Without `keepBuffers`. */
const KEPT_BYTES = 64 * 1024 * 1024

const free = new Map<number, Bytes[]>()
/** Memory that only one `acquireBuffer` at a time has handed out. */
const ours = new WeakSet<ArrayBufferLike>()
let kept = 0
let most = KEPT_BYTES

/** The most bytes that wait here to be used again. */
export function keepBuffers(bytes: number): void {
  most = bytes
}

/** A buffer of at least `bytes`; its content is arbitrary. */
export function acquireBuffer(bytes: number): Bytes {
  let size = SMALLEST
  while (size < bytes) size *= 2
  const found = free.get(size)?.pop()
  if (found !== undefined) {
    kept -= size
    return found
  }
  if (size > LARGEST) return bytesOf(Buffer.allocUnsafeSlow(size))
  const buffer = reusedBuffer(size)
  ours.add(buffer.buffer)
  return buffer
}

/** Gives back the memory of a buffer that nobody refers to any more; what is not of `acquireBuffer` is passed over. */
export function releaseBuffer({ buffer }: Buffer): void {
  const size = buffer.byteLength
  if (!ours.has(buffer) || kept + size > most) return
  kept += size
  const whole = bytesOf(Buffer.from(buffer))
  const list = free.get(size)
  if (list === undefined) free.set(size, [whole])
  else list.push(whole)
}
