/** JSON values of which nothing is declared: their texts are copied, so that numbers keep their digits and texts their escapes. */
import { EXACT_DIGITS, read, readNumber, unscaledOf } from './number.ts'
import { readText } from './text.ts'
import type { JsonTransfer, ReadJson } from './transfer.ts'
import { SCALAR, UNDECLARED_TEXTS } from './undeclared.ts'
import { kindOf, NULL, NUMBER, readWord, skip, TEXT } from './walk.ts'

/** @param name of the logical type */
export const compileUndeclared = (name: string): ReadJson =>
  name === SCALAR ? readScalar : readAny

const readAny: ReadJson = (transfer) => {
  const from = transfer.at
  return skip(transfer) && copyFrom(transfer, from)
}

const readScalar: ReadJson = (transfer) => {
  const { at } = transfer
  const kind = kindOf(transfer.buffer[at])
  if (!walk(transfer, kind)) return false
  const isScalar = kind === NUMBER ? isWhole(transfer) : kind === TEXT || kind === NULL
  return isScalar ? copyFrom(transfer, at) : transfer.refuse(at, UNDECLARED_TEXTS[SCALAR])
}

function walk(transfer: JsonTransfer, kind: number): boolean {
  if (kind === TEXT) return readText(transfer)
  if (kind === NUMBER) return readNumber(transfer)
  return kind === NULL ? readWord(transfer, 'null') : skip(transfer)
}

/** Whether the number that was read last is whole: it is digits alone, however many, or one that a double holds. */
const isWhole = (transfer: JsonTransfer): boolean =>
  read.isPlain || unscaledOf(transfer, 0, EXACT_DIGITS) !== undefined

const copyFrom = ({ sink, buffer, at }: JsonTransfer, from: number): boolean =>
  sink.int(at - from) && sink.copy(buffer, from, at)

/**
 * The members of an object that come out, as pieces of its text: members that follow on one another are one piece, with what is
 * between them.
 */
export class MemberPieces {
  /** Of each piece where it begins and ends. */
  #bounds = new Int32Array(16)
  #count = 0
  /** Whether the member before the next one is in the last piece. */
  #isOpen = false

  begin(): void {
    this.#count = 0
    this.#isOpen = false
  }

  /** A member that comes out. @param from its name. @param to behind its value */
  add(from: number, to: number): void {
    if (this.#isOpen) {
      this.#bounds[2 * this.#count - 1] = to
      return
    }
    if (2 * this.#count === this.#bounds.length) this.#grow()
    this.#bounds[2 * this.#count] = from
    this.#bounds[2 * this.#count + 1] = to
    this.#count++
    this.#isOpen = true
  }

  /** A member that does not. */
  leaveOut(): void {
    this.#isOpen = false
  }

  /** Writes them as one text, with commas between the pieces. */
  write({ sink, buffer }: JsonTransfer): boolean {
    const bounds = this.#bounds
    const count = this.#count
    let bytes = Math.max(0, count - 1)
    for (let i = 0; i < count; i++) bytes += bounds[2 * i + 1] - bounds[2 * i]
    if (!sink.int(bytes) || !sink.reserve(bytes)) return false
    for (let i = 0; i < count; i++) {
      if (i > 0) sink.buffer[sink.at++] = COMMA
      sink.copy(buffer, bounds[2 * i], bounds[2 * i + 1])
    }
    return true
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#bounds.length)
    grown.set(this.#bounds)
    this.#bounds = grown
  }
}

const COMMA = 0x2c
