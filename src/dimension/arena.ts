import { type Bytes, bytesOf } from '../bytes.ts'

export const CHUNK_BYTES = 4 * 1024 * 1024
/** Bytes of key and columns that a row may have. */
export const LARGEST_ROW = CHUNK_BYTES - 64
/** A place counts units of 4 bytes, over all chunks: 32 bits reach 16 GiB. */
export const UNIT = 4
/** An address is the chunk's number, then the place in it in units. */
export const PLACE_BITS = 20
export const PLACE = 2 ** PLACE_BITS - 1
const MOST_CHUNKS = 2 ** (32 - PLACE_BITS)

export const padded = (bytes: number): number => Math.ceil(bytes / UNIT) * UNIT

/** Memory outside the JavaScript heap that only grows, in chunks. No address is 0. */
export class Arena {
  readonly chunks: Bytes[] = []
  /** Where the next bytes go. */
  top = 1
  readonly #claim: (bytes: number) => void

  /** @param claim called before memory is taken, with its bytes; throws where there must not be more */
  constructor(claim: (bytes: number) => void) {
    this.#claim = claim
  }

  /** The address of so many bytes, which lie in one chunk. Throws RangeError where they do not fit into any. */
  allocate(bytes: number): number {
    if (bytes > CHUNK_BYTES) throw new RangeError(`A row of ${bytes} bytes is over ${CHUNK_BYTES}`)
    const perChunk = PLACE + 1
    const room = perChunk - (this.top & PLACE)
    if (room * UNIT < bytes) this.top += room
    const address = this.top
    const top = address + padded(bytes) / UNIT
    while (this.chunks.length * perChunk < top) this.#addChunk()
    this.top = top
    return address
  }

  #addChunk(): void {
    if (this.chunks.length === MOST_CHUNKS) {
      throw new RangeError(`A dimension holds ${MOST_CHUNKS * CHUNK_BYTES} bytes of rows at most`)
    }
    this.#claim(CHUNK_BYTES)
    this.chunks.push(bytesOf(Buffer.allocUnsafeSlow(CHUNK_BYTES)))
  }
}
