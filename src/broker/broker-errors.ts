/** The table of error codes, as requests look things up in it. */
import { ERROR_TABLE, type ErrorClass, type ErrorRow, type Sentence } from './error-table.ts'
import { errorType, isCurable } from './kafkajs.ts'

type ErrorName = keyof typeof ERROR_TABLE

export interface BrokerError {
  readonly code: number
  /** One that the table does not have is named by its number. */
  readonly name: ErrorName | `ERROR_${number}`
  readonly meaning: ErrorClass
  readonly sentence?: Sentence | undefined
}

const ROWS = Object.entries(ERROR_TABLE) as [ErrorName, ErrorRow][]

export const BROKER_ERRORS: ReadonlyMap<number, BrokerError> = new Map(
  ROWS.map(([name, [code, meaning, sentence]]) => [code, { code, name, meaning, sentence }]),
)

/** Kafka's number of an error that has a name in the table. */
export const codeOfError = (name: ErrorName): number => ERROR_TABLE[name][0]

/** The row of a code. One that a later broker adds is an `abort`, which is shown once it comes again and again. */
export const errorOfCode = (code: number): BrokerError =>
  BROKER_ERRORS.get(code) ?? { code, name: `ERROR_${code}`, meaning: 'abort' }

/** The row of a broker's answer; undefined: the error is none, as a broken connection. */
export function brokerError(error: unknown): BrokerError | undefined {
  // kafkajs wraps what it gives up at.
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (errorType(at) !== undefined && typeof code === 'number') return errorOfCode(code)
  }
  return undefined
}

/** Whether time or newer metadata cure it: an answer that means `again`, or an outage. */
export const isPassing = (error: unknown): boolean => {
  const answer = brokerError(error)
  return answer === undefined ? isCurable(error) : answer.meaning === 'again'
}
