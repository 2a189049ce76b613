/** A topic's `where` and `fields`, checked against its schema. */
import type { Schema } from 'avsc'
import { parseRecord } from '../codec/avro/parse.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import type { DerivedField } from '../config/pipeline.ts'
import { Checker, conditionFault } from './check.ts'
import type { Part } from './part.ts'
import { RecordScope } from './scope.ts'
import { type Fault, isFault, parseExpression } from './syntax.ts'
import { schemaOf } from './write.ts'

/** The expressions of one topic, as its block in the pipeline file has them. */
export interface Expressions {
  readonly where: string | null
  readonly fields: readonly DerivedField[]
}

export interface ProgramField {
  readonly name: string
  readonly part: Part
  readonly schema: Schema
}

/** What is computed of each record. */
export interface Program {
  /** null: all are taken. */
  readonly where: Part | null
  readonly fields: readonly ProgramField[]
  /** The record's fields that it reads. */
  readonly reads: readonly string[]
}

/** A fault in an expression: of the topic's `where`, or of a field. */
export interface ProgramFault extends Fault {
  /** `['where']`, `['fields', 'total']`. */
  readonly path: readonly string[]
}

export interface Checked {
  /** Without the expressions that have faults. */
  readonly program: Program
  readonly faults: readonly ProgramFault[]
}

export const hasExpressions = ({ where, fields }: Expressions): boolean =>
  where !== null || fields.length > 0

/** @param path of the topic's block, for the sentences of records that fail: `['facts']` */
export function checkProgram(
  { where, fields }: Expressions,
  schema: AvroRecordSchema,
  path: readonly string[],
): Checked {
  const faults: ProgramFault[] = []
  const used = new Set<string>()
  const record = parseRecord(schema)
  const check = (scope: RecordScope, text: string, at: readonly string[]): Part | undefined => {
    const parsed = parseExpression(text)
    if (isFault(parsed)) {
      faults.push({ ...parsed, path: at })
      return undefined
    }
    const checker = new Checker(scope)
    const part = checker.check(parsed)
    faults.push(...checker.faults.map((fault) => ({ ...fault, path: at })))
    return part && named(part, `${[...path, ...at].join('.')}`, text)
  }
  // A derived field may name those before it.
  const before = new Map<string, () => Part | string | undefined>()
  const later = (name: string) => () =>
    `${name} is derived behind this field; put it before this one`
  const checked = fields.map(({ name, expression }, i) => {
    const at = ['fields', name]
    const behind = fields.slice(i).map((field) => [field.name, later(field.name)] as const)
    const scope = new RecordScope(record, new Map([...before, ...behind]), used)
    const part = check(scope, expression, at)
    const typed = part && schemaOf(part.type)
    if (typeof typed === 'string') faults.push({ path: at, at: 0, message: typed })
    if (record.fields.some((field) => field.name === name)) {
      faults.push({
        path: at,
        at: -1,
        message: `the record has a field ${name} already; take another name`,
      })
    }
    before.set(name, () => part)
    return part === undefined || typeof typed !== 'object'
      ? []
      : [{ name, part, schema: typed.schema }]
  })
  const condition =
    where === null ? null : check(new RecordScope(record, before, used), where, ['where'])
  const odd = condition && conditionFault(condition)
  if (typeof odd === 'string') faults.push({ path: ['where'], at: 0, message: odd })
  return {
    program: { where: condition ?? null, fields: checked.flat(), reads: [...used] },
    faults,
  }
}

/** Says in which expression, and where in it, a record has failed. */
const named = (part: Part, name: string, text: string): Part => ({
  ...part,
  compile: (target) =>
    part.compile({
      ...target,
      sentence: (at, what) => target.note(`${name}: ${what}, at column ${at + 1} of: ${text}`),
    }),
})
