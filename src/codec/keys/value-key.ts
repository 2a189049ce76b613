import type { RejectReason } from '../../batch.ts'
import { type Bytes, NO_BYTES, sameBytes } from '../../bytes.ts'
import type { KeyReader, ValueReader } from '../port.ts'
import { CompositeText } from './composite-text.ts'

/** The key of a row, where fields of its value are it, and the record's own key does not matter. */
export class ValueKey implements KeyReader {
  readonly #names: readonly string[]
  readonly #first: number
  readonly #parts: CompositeText | null
  #former: ValueKey | undefined
  buffer: Bytes = NO_BYTES
  start = 0
  end = 0
  readonly reason: RejectReason = 'null_field'
  fault = ''

  /**
   * @param names of the fields, in the order of their texts
   * @param first the first one's place among the key fields of the value's reader; the others follow
   */
  constructor(names: readonly string[], first: number) {
    this.#names = names
    this.#first = first
    this.#parts = names.length === 1 ? null : new CompositeText()
  }

  read(): boolean {
    this.fault = 'The key is in the value, and the record has none'
    return false
  }

  readValue(value: ValueReader): boolean {
    const parts = this.#parts
    parts?.begin()
    for (let i = 0; i < this.#names.length; i++) {
      const k = this.#first + i
      this.buffer = value.keyBuffer(k)
      this.start = value.keyStart(k)
      this.end = value.keyEnd(k)
      if (this.end < 0) {
        this.fault = `The field ${this.#names[i]}, which is the row’s key, is null`
        return false
      }
      parts?.add(this.buffer, this.start, this.end)
    }
    if (parts === null) return true
    this.buffer = parts.buffer
    this.start = 0
    this.end = parts.end
    return true
  }

  formerOf(value: ValueReader): KeyReader | null {
    if (value.selectFormer?.() !== true) return null
    this.#former ??= new ValueKey(this.#names, this.#first)
    const former = this.#former
    if (!former.readValue(value)) return null
    const length = this.end - this.start
    const isSame =
      former.end - former.start === length &&
      sameBytes(former.buffer, former.start, this.buffer, this.start, length)
    return isSame ? null : former
  }

  async load(): Promise<void> {}
}
