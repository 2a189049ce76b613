/**
 * The JSON of schemas, with whole numbers to the digit: a default of 9223372036854775807 ("never") is
 * another number as a double.
 */

/** A whole number that a double does not hold. */
export class ExactInteger {
  readonly value: bigint

  constructor(value: bigint) {
    this.value = value
  }

  /** As near as JSON's other readers have it, where a schema is compared or printed by `JSON.stringify`. */
  toJSON(): number {
    return Number(this.value)
  }
}

/** A text, or a number; in texts there may be anything that looks like a number. */
const TOKEN = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs
const LARGE = /^-?\d{16,}$/
const MARK = '\u0000integer'

/** Throws SyntaxError where the text is no JSON. */
export function parseSchemaText(text: string): unknown {
  if (!/\d{16}/.test(text)) return JSON.parse(text)
  const marked = text.replace(TOKEN, (token) =>
    LARGE.test(token) && !Number.isSafeInteger(Number(token))
      ? JSON.stringify({ [MARK]: token })
      : token,
  )
  return JSON.parse(marked, (_key, value) =>
    typeof value?.[MARK] === 'string' ? new ExactInteger(BigInt(value[MARK])) : value,
  )
}

/** JSON for people: a whole number that a double does not hold is its digits. Throws SyntaxError where the text is none. */
export const parseWithDigits = (text: string): unknown => withDigits(parseSchemaText(text))

function withDigits(value: unknown): unknown {
  if (value instanceof ExactInteger) return String(value.value)
  if (Array.isArray(value)) return value.map(withDigits)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, withDigits(item)]))
}

/** `JSON.stringify`, with the digits that the schema's text had. */
export function schemaText(schema: unknown, space?: number): string {
  const integers: bigint[] = []
  const text = JSON.stringify(
    schema,
    function (this: Record<string, unknown>, key, value) {
      // `value` has gone through `toJSON` already.
      const own = this[key]
      if (!(own instanceof ExactInteger)) return value
      integers.push(own.value)
      return MARK
    },
    space,
  )
  return text.replaceAll(JSON.stringify(MARK), () => String(integers.shift()))
}

/** The whole number that a schema's JSON has there. */
export function integerOf(value: unknown): bigint | undefined {
  if (value instanceof ExactInteger) return value.value
  return Number.isSafeInteger(value) ? BigInt(value as number) : undefined
}
