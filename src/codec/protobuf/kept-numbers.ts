/**
 * The numbers that fields have had: a field keeps its own by its name, and a number is never given to another one.
 * https://protobuf.dev/programming-guides/proto3/#updating
 */
import { unqualified } from '../avro/schema.ts'
import {
  type EnumType,
  type FieldType,
  localName,
  type Message,
  type MessageField,
  type MessageFile,
  type NumberRange,
} from './message.ts'

const MOST_NUMBER = 2 ** 29 - 1
/** Protobuf's own. */
const OWN: NumberRange = [19_000, 19_999]
/** Values of types of one group have the same bytes. */
const GROUPS: Readonly<Record<string, string>> = {
  int32: 'integer',
  int64: 'integer',
  uint32: 'integer',
  uint64: 'integer',
  bool: 'integer',
  string: 'bytes',
}

/** A file's first message, and the messages and enums of its fields, and theirs, by their names. */
export class KeptFile {
  /** The one whose record it is; undefined: nothing is known yet. */
  readonly main: Message | undefined
  readonly #messages = new Map<string, Message>()
  readonly #enums = new Map<string, EnumType>()

  constructor(file: MessageFile | undefined) {
    this.main = file?.messages[0]?.message
    if (this.main !== undefined) this.#add(this.main)
  }

  #add(message: Message): void {
    const name = unqualified(message.name)
    if (this.#messages.has(name)) return
    this.#messages.set(name, message)
    for (const { type } of message.fields) {
      if (typeof type === 'string') continue
      if (type.kind === 'message') this.#add(type)
      else this.#enums.set(unqualified(type.name), type)
    }
  }

  /** @param name null: the first one itself */
  message(name: string | null): Message | undefined {
    return name === null ? this.main : this.#messages.get(name)
  }

  enum(name: string): EnumType | undefined {
    return this.#enums.get(name)
  }

  /** Of all enums. */
  get symbols(): Set<string> {
    return new Set([...this.#enums.values()].flatMap(({ symbols }) => [...symbols.values()]))
  }

  /** The name and package of the file's first message. */
  get place(): { readonly name: string; readonly space: string } | undefined {
    return this.main && { name: localName(this.main), space: this.main.space }
  }
}

/** Whether values of a field as it was, and as it is now, have the same bytes. */
const isSame = (before: MessageField, now: FieldShape): boolean =>
  (before.presence === 'map') === (now.presence === 'map') &&
  (before.presence === 'repeated') === (now.presence === 'repeated') &&
  groupOf(before.type) === groupOf(now.type)

type FieldShape = Pick<MessageField, 'type' | 'presence'>

function groupOf(type: FieldType): string {
  if (typeof type === 'string') return GROUPS[type] ?? type
  return type.kind === 'enum' ? 'integer' : unqualified(type.name)
}

/** The numbers of one message's fields. */
export class FieldNumbers {
  readonly #kept: readonly MessageField[]
  readonly #reserved: readonly NumberRange[]
  readonly #reservedNames: readonly string[]
  readonly #used = new Set<number>()
  readonly #names = new Set<string>()
  /** Fields whose number nobody had. */
  readonly invented: string[] = []
  #next: number

  constructor(message: Message | undefined) {
    this.#kept = message?.fields ?? []
    this.#reserved = message?.reserved ?? []
    this.#reservedNames = message?.reservedNames ?? []
    const before = [...this.#kept.map(({ number }) => number), ...this.#reserved.map(lastBelow)]
    this.#next = Math.max(0, ...before) + 1
  }

  /** @param fits whether it is known that values of a field of the name have the same bytes */
  of(name: string, field: FieldShape, fits: boolean): number {
    this.#names.add(name)
    const kept = this.#kept.find((before) => before.name === name)
    const isKept = kept !== undefined && (fits || isSame(kept, field))
    if (!isKept) this.invented.push(name)
    const number = isKept ? kept.number : this.#free()
    this.#used.add(number)
    return number
  }

  #free(): number {
    const ranges = [...this.#reserved, OWN]
    for (;;) {
      const at = ranges.find(([first, last]) => this.#next >= first && this.#next <= last)
      if (at === undefined) break
      this.#next = at[1] + 1
    }
    if (this.#next > MOST_NUMBER) throw new Error('a message has no number left for another field')
    return this.#next++
  }

  /** Numbers of fields that are gone, and those that were reserved before. */
  get reserved(): NumberRange[] {
    const gone = this.#kept
      .filter(({ number }) => !this.#used.has(number))
      .map(({ number }): NumberRange => [number, number])
    return [...this.#reserved, ...gone].sort(([a], [b]) => a - b)
  }

  get reservedNames(): string[] {
    const gone = this.#kept.map(({ name }) => name)
    return [...new Set([...this.#reservedNames, ...gone])]
      .filter((name) => !this.#names.has(name))
      .sort()
  }
}

/** What is reserved up to the largest number leaves those below it. */
const lastBelow = ([, last]: NumberRange): number => (last >= MOST_NUMBER ? 0 : last)
