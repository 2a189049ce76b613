import type { Evaluate, Int } from './frame.ts'
import type { Integers } from './integers.ts'
import type { Kind, Type } from './types.ts'

/** What a part of an expression is compiled for: a record's layout, and one form of whole numbers. */
export interface Target {
  readonly ints: Integers<Int>
  /** Which of the record's fields has this name. */
  index(name: string): number
  /** The number of a sentence, by which a failed evaluation names it. @param at in the expression's text */
  sentence(at: number, what: string): number
  /** The number of a whole sentence. */
  note(sentence: string): number
}

/** A part of an expression, whose types fit together. */
export interface Part {
  readonly type: Type
  /** Where it begins in the expression's text. */
  readonly at: number
  /** What a literal says. */
  readonly literal?: unknown
  /** Parts in it, and itself. */
  readonly size: number
  compile(target: Target): Evaluate<unknown>
}

/** What an operator or a function makes of its operands. The `never`s are of the kinds that it takes. */
export type Make = (
  operands: readonly Evaluate<never>[],
  target: Target,
  at: number,
) => Evaluate<unknown>

export interface Operation {
  readonly takes: readonly Kind[]
  readonly gives: Kind
  readonly make: Make
}

/** An operation's part. @param nullable null: where an operand is */
export function partOf(
  operation: Pick<Operation, 'gives' | 'make'>,
  operands: readonly Part[],
  at: number,
  nullable: boolean | null = null,
): Part {
  return {
    type: {
      kind: operation.gives,
      nullable: nullable ?? operands.some(({ type }) => type.nullable),
      micros: operands.some(({ type }) => type.micros),
      scale: 0,
    },
    at,
    size: operands.reduce((sum, { size }) => sum + size, 1),
    compile: (target) =>
      operation.make(
        operands.map((operand) => operand.compile(target) as Evaluate<never>),
        target,
        at,
      ),
  }
}
