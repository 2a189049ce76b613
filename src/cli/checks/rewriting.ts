/** How one text is made of another one, as an expression for the pipeline file: pure. */

/** Pairs of which an expression makes so many are meant by it: others may be faults of their own. */
const NEARLY_ALL = 0.9

interface Way {
  /** In CEL. */
  readonly of: (text: string) => string
  /** The same here; undefined: it would fail. */
  readonly apply: (text: string) => string | undefined
}

const AS_IT_IS: Way = { of: (text) => text, apply: (text) => text }
const UNQUOTED: Way = {
  of: (text) => `${text}.replace("\\"", "")`,
  apply: (text) => text.replaceAll('"', ''),
}
const TRIMMED: Way = { of: (text) => `${text}.trim()`, apply: (text) => text.trim() }
const LOWER: Way = {
  of: (text) => `${text}.lowerAscii()`,
  apply: (text) => text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase()),
}
const UPPER: Way = {
  of: (text) => `${text}.upperAscii()`,
  apply: (text) => text.replace(/[a-z]+/g, (letters) => letters.toUpperCase()),
}
const WHOLE: Way = {
  of: (text) => `string(int(${text}))`,
  apply: (text) => (/^-?\d{1,18}$/.test(text) ? String(BigInt(text)) : undefined),
}
const WITHOUT_HYPHENS: Way = {
  of: (text) => `${text}.replace("-", "")`,
  apply: (text) => text.replaceAll('-', ''),
}
const padded = (width: number): Way => ({
  of: (text) => `"${'0'.repeat(width)}".substring(size(${text})) + ${text}`,
  apply: (text) => (text.length > width ? undefined : text.padStart(width, '0')),
})

/** One of each in turn, the plainest first. */
const waysFor = (width: number): readonly (readonly Way[])[] => [
  [AS_IT_IS, UNQUOTED],
  [AS_IT_IS, TRIMMED],
  [AS_IT_IS, LOWER, UPPER],
  [AS_IT_IS, WITHOUT_HYPHENS],
  [AS_IT_IS, WHOLE],
  [AS_IT_IS, ...(width <= 40 ? [padded(width)] : [])],
]

export interface Pair {
  readonly from: string
  readonly to: string
}

/**
 * The shortest expression that makes the texts; undefined: there is none.
 * @param field in CEL; @param isNumber whether it is one: its text is made first
 */
export function rewriting(
  pairs: readonly Pair[],
  field: string,
  isNumber: boolean,
): string | undefined {
  const [first] = pairs
  if (first === undefined) return undefined
  const choices = waysFor(first.to.length).reduce<Way[][]>(
    (made, ways) => made.flatMap((before) => ways.map((way) => [...before, way])),
    [[]],
  )
  const effort = (ways: readonly Way[]): number => ways.filter((way) => way !== AS_IT_IS).length
  const found = choices
    .sort((a, b) => effort(a) - effort(b))
    .find((ways) => {
      const makes = ({ from, to }: Pair): boolean =>
        ways.reduce<string | undefined>((text, way) => text && way.apply(text), from) === to
      return makes(first) && pairs.filter(makes).length >= pairs.length * NEARLY_ALL
    })
  const text = isNumber ? `string(${field})` : field
  return found?.reduce((made, way) => way.of(made), text)
}
