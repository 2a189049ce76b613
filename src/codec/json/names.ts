import { type Bytes, bytesOf, hashBytes, sameBytes } from '../../bytes.ts'

/** Finds which of some names a text is. */
export class JsonNames {
  readonly names: readonly Bytes[]
  readonly #mask: number
  /** By a name's hash, its number; -1: there is none. Behind it are those of hashes that met. */
  readonly #slots: Int32Array

  constructor(names: readonly string[]) {
    this.names = names.map((name) => bytesOf(Buffer.from(name)))
    let size = 4
    while (size < 2 * names.length) size *= 2
    this.#mask = size - 1
    this.#slots = new Int32Array(size).fill(-1)
    this.names.forEach((name, i) => {
      let slot = hashBytes(name, 0, name.length) & this.#mask
      while (this.#slots[slot] >= 0) slot = (slot + 1) & this.#mask
      this.#slots[slot] = i
    })
  }

  /** The number of the name that is `text[start, end)`; -1: it is none of them. */
  find(text: Bytes, start: number, end: number): number {
    let slot = hashBytes(text, start, end) & this.#mask
    for (;;) {
      const i = this.#slots[slot]
      if (i < 0) return -1
      const name = this.names[i]
      if (name.length === end - start && sameBytes(name, 0, text, start, end - start)) return i
      slot = (slot + 1) & this.#mask
    }
  }
}
