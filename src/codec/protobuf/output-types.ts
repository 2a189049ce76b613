import { unqualified } from '../avro/schema.ts'
import type { KeptFile } from './kept-numbers.ts'
import type { EnumType, Message, MessageField } from './message.ts'
import { free, word } from './names.ts'

/** What is inside of an output's message besides its fields, and how it is called there. */
export class OutputTypes {
  readonly kept: KeptFile
  readonly space: string
  readonly messages: Message[] = []
  readonly enums: EnumType[] = []
  /** Messages that are null at times, where a field is of one. */
  readonly nullable = new Set<MessageField>()
  readonly #name: string
  /** Symbols of enums stand among them, too. */
  readonly #names: Set<string>
  /** Names that are kept for an enum's symbols. */
  readonly #symbols: ReadonlySet<string>

  /** @param fields names of the message's own */
  constructor(name: string, space: string, kept: KeptFile, fields: readonly string[]) {
    this.kept = kept
    this.space = space
    this.#name = name
    this.#names = new Set([name, ...fields])
    this.#symbols = kept.symbols
  }

  /** A name that is nobody's any more. */
  take(name: string): void {
    this.#names.add(name)
  }

  /** @param inner null: of the message itself */
  fullName(inner: string | null): string {
    const outer = this.space === '' ? this.#name : `${this.space}.${this.#name}`
    return inner === null ? outer : `${outer}.${inner}`
  }

  /** Without its namespace, where that is free. */
  typeName(full: string): string {
    return this.nameFor([word(unqualified(full)), word(full)])
  }

  /** The first of them that is free. */
  nameFor(names: readonly string[]): string {
    const isTaken = (name: string): boolean => this.#names.has(name) || this.#symbols.has(name)
    const name = names.find((one) => !isTaken(one)) ?? free(names.at(-1)!, isTaken)
    this.#names.add(name)
    return name
  }
}
