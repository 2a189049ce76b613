/**
 * Buffers that are used again. A fresh one of a megabyte costs page faults, and its memory, being
 * outside the JavaScript heap, garbage collections. Sizes are powers of two.
 */
const SMALLEST = 16 * 1024
/** Larger ones are left to the garbage collector. */
const LARGEST = 4 * 1024 * 1024
const KEPT_BYTES = 32 * 1024 * 1024

const free = new Map<number, Buffer[]>()
let kept = 0

/** A buffer of at least `bytes`; its content is arbitrary. */
export function takeBuffer(bytes: number): Buffer {
  let size = SMALLEST
  while (size < bytes) size *= 2
  const buffer = free.get(size)?.pop()
  if (buffer === undefined) return Buffer.allocUnsafeSlow(size)
  kept -= size
  return buffer
}

/** Gives back a buffer of `takeBuffer` that nobody refers to any more. */
export function giveBuffer(buffer: Buffer): void {
  const size = buffer.length
  if (size > LARGEST || kept + size > KEPT_BYTES) return
  kept += size
  const list = free.get(size)
  if (list === undefined) free.set(size, [buffer])
  else list.push(buffer)
}
