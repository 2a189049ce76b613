/** Headers that name the schema of a record's key or value in place of a prefix. */

/** Which part of a record is spoken of. */
export const VALUE = 0
export const KEY = 1

/** What a header has. */
export type HeaderKind = 'GUID' | 'content id' | 'global id' | 'Azure id' | 'other'

interface IdHeaderName {
  readonly name: string
  readonly kind: HeaderKind
  /** What its value begins with, where other values say nothing of a schema. */
  readonly begins: string
}

const named = (name: string, kind: HeaderKind, begins = ''): IdHeaderName => ({
  name,
  kind,
  begins,
})

/** Azure's of values; of keys there is none. */
export const AZURE_HEADER = named('content-type', 'Azure id', 'avro/binary+')

/**
 * Confluent's HeaderSchemaIdSerializer; Apicurio's serdes with headers enabled (`io.apicurio.registry.serde.headers.KafkaSerdeHeaders`);
 * Azure Schema Registry's serializers (https://learn.microsoft.com/azure/event-hubs/schema-registry-concepts).
 */
const NAMES: readonly (readonly IdHeaderName[])[] = ['value', 'key'].map((part) => [
  named(`__${part}_schema_id`, 'GUID'),
  named(`apicurio.${part}.contentId`, 'content id'),
  named(`apicurio.${part}.globalId`, 'global id'),
  named(`apicurio.${part}.contentHash`, 'other'),
  named(`apicurio.${part}.artifactId`, 'other'),
  ...(part === 'value' ? [AZURE_HEADER] : []),
])
const BYTES = NAMES.map((names) =>
  names.map(({ name, begins }) => ({ name: Buffer.from(name), begins: Buffer.from(begins) })),
)

/** Finds such a header in raw header sections. Names are compared as bytes, and no object is made. */
export class IdHeader {
  readonly #part: number
  /** Which of the part's headers was found; -1: none. */
  #found = -1
  /** Where the id of the header that was found is; the same: its value is null. */
  start = 0
  end = 0

  constructor(part: number) {
    this.#part = part
  }

  /** Of the header that was found. */
  get name(): string {
    return NAMES[this.#part][this.#found].name
  }

  get kind(): HeaderKind {
    return NAMES[this.#part][this.#found].kind
  }

  /** Looks through `buffer[start, end)`: a count, then of each header the length of its name, the name, the length of its value, the value. */
  find(buffer: Buffer, start: number, end: number): boolean {
    let at = start
    let field = 0
    let named = -1
    this.#found = -1
    for (let fields = 1; field < fields && at < end; field++) {
      let raw = 0
      let byte = 128
      for (let shift = 0; byte > 127 && at < end; shift += 7) {
        byte = buffer[at++]
        raw |= (byte & 127) << shift
      }
      const number = (raw >>> 1) ^ -(raw & 1)
      if (field === 0) fields += 2 * number
      else if ((field & 1) === 1) named = this.#nameAt(buffer, at, number)
      else if (named >= 0 && this.#isId(named, buffer, at, Math.min(at + Math.max(0, number), end)))
        return true
      // A null value has the length -1.
      if (field > 0 && number > 0) at += number
    }
    return false
  }

  /** Whether the header with this name and value is one. */
  isAt(
    buffer: Buffer,
    nameStart: number,
    nameEnd: number,
    valueStart: number,
    end: number,
  ): boolean {
    const named = this.#nameAt(buffer, nameStart, nameEnd - nameStart)
    return named >= 0 && this.#isId(named, buffer, valueStart, end)
  }

  #nameAt(buffer: Buffer, at: number, length: number): number {
    const names = BYTES[this.#part]
    for (let n = 0; n < names.length; n++) {
      if (names[n].name.length === length && hasAt(buffer, at, names[n].name)) return n
    }
    return -1
  }

  #isId(named: number, buffer: Buffer, start: number, end: number): boolean {
    const { begins } = BYTES[this.#part][named]
    if (end - start < begins.length || !hasAt(buffer, start, begins)) return false
    this.#found = named
    this.start = start + begins.length
    this.end = end
    return true
  }
}

function hasAt(buffer: Buffer, at: number, bytes: Buffer): boolean {
  // The end first: names of one kind begin alike.
  for (let i = bytes.length - 1; i >= 0; i--) if (buffer[at + i] !== bytes[i]) return false
  return true
}
