/** Whether two texts are one key that was written in two ways, and in what they differ: pure. */

/** In what two texts of one key differ. */
export type Difference = 'wrapped' | 'blanks' | 'case' | 'hyphens' | 'zeros' | 'order'

/** Each takes one way of writing out of a text; in the order in which they are put around it. */
const PLAIN: readonly (readonly [Difference, (text: string) => string])[] = [
  ['wrapped', unwrapped],
  ['blanks', (text) => text.trim()],
  ['case', (text) => text.toLowerCase()],
  ['hyphens', (text) => (UUID.test(text) ? text.replace(/[{}-]/g, '') : text)],
  ['zeros', (text) => NUMBER.exec(text)?.slice(1).join('') ?? text],
]

export const DIFFERENCES: Readonly<Record<Difference, string>> = {
  wrapped: 'one is in JSON',
  blanks: 'blanks are around one of them',
  case: 'upper and lower case differ',
  hyphens: 'only one has the hyphens of a UUID',
  zeros: 'one is a number with zeros in front or behind the point',
  order: 'the fields are in another order',
}

const UUID = /^\{?[0-9a-f]{8}(-?)[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{4}\1[0-9a-f]{12}\}?$/i
/** Zeros in front, as of a column of fixed width, and behind a point, as of a whole number that went through a double. */
const NUMBER = /^\+?(-?)0*(\d+?)(?:\.0+)?$/

/** A text in quotes, or the only field of an object, also in Connect's envelope. */
function unwrapped(text: string): string {
  if (!/^\s*["{]/.test(text)) return text
  try {
    const value: unknown = JSON.parse(text)
    return innerOf(value) ?? text
  } catch {
    return text
  }
}

function innerOf(value: unknown): string | undefined {
  if (typeof value === 'string' || Number.isSafeInteger(value)) return String(value)
  if (typeof value !== 'object' || value === null) return undefined
  if ('payload' in value && 'schema' in value) return innerOf(value.payload)
  const values = Object.values(value)
  return values.length === 1 ? innerOf(values[0]) : undefined
}

/** The fields' texts of a key of several, as `compositeTextOf` has put them together. */
export function partsOf(text: string): string[] {
  const parts = ['']
  for (let i = 0; i < text.length; i++) {
    if (text[i] === ',') parts.push('')
    else parts[parts.length - 1] += text[i] === '\\' ? text[++i] : text[i]
  }
  return parts
}

/**
 * What the texts of one key have in common, however it is written.
 * @param but ways of writing that stay in it
 */
export function essence(text: string, isComposite: boolean, but?: ReadonlySet<Difference>): string {
  const plain = (part: string): string =>
    PLAIN.reduce((left, [name, of]) => (but?.has(name) === true ? left : of(left)), part)
  if (!isComposite) return plain(text)
  const parts = partsOf(text).map(plain)
  if (but?.has('order') !== true) parts.sort()
  return JSON.stringify(parts)
}

/** The least that two texts of one essence differ in; none: they are the same. */
export function differencesOf(a: string, b: string, isComposite: boolean): Difference[] {
  if (a === b) return []
  const all: Difference[] = [...PLAIN.map(([name]) => name), 'order']
  const left = new Set<Difference>()
  for (const one of all) {
    left.add(one)
    if (essence(a, isComposite, left) !== essence(b, isComposite, left)) left.delete(one)
  }
  return all.filter((one) => !left.has(one))
}
