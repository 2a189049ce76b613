import type { RejectReason } from '../../batch.ts'
import type { OtherType, TopicCodec, ValueReader } from '../port.ts'
import { ProtobufReader } from './protobuf-reader.ts'
import type { Write } from './value-forms.ts'

/** Reads a topic's values as another codec does, and gives what is selected of them as fields of a message. */
export class PartCodec implements TopicCodec {
  readonly #codec: TopicCodec
  readonly #writers: readonly Write[]
  readonly #readers = new Map<ValueReader, ProtobufReader>()
  #last: ValueReader | undefined
  #lastReader: ProtobufReader | undefined

  /** @param writers of the fields that are selected, in their order */
  constructor(codec: TopicCodec, writers: readonly Write[]) {
    this.#codec = codec
    this.#writers = writers
  }

  get fault(): string {
    return this.#codec.fault
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason | OtherType | null {
    const reader = this.#codec.reader(buffer, start, end, headerStart, headerEnd)
    if (reader === null || typeof reader === 'string') return reader
    if (reader !== this.#last) {
      this.#last = reader
      this.#lastReader = this.#readerOf(reader)
    }
    return this.#lastReader!
  }

  #readerOf(inner: ValueReader): ProtobufReader {
    const known = this.#readers.get(inner)
    if (known !== undefined) return known
    const made = new ProtobufReader(this.#writers, inner)
    this.#readers.set(inner, made)
    return made
  }

  load(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void> {
    return this.#codec.load(buffer, start, end, headerStart, headerEnd)
  }
}
