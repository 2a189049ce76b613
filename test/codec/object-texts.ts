/** Texts of JSON objects as producers write them: any members, some twice, with spaces between, numbers in all their forms. */
import fc from 'fast-check'

/** A member as it is written, and what is between it and the next one. */
export interface MemberText {
  readonly name: string
  /** From the quote before its name to the end of its value. */
  readonly text: string
  readonly value: string
  readonly behind: string
}

export interface ObjectText {
  readonly text: string
  readonly members: readonly MemberText[]
}

const space = fc.constantFrom('', '', '', ' ', '\n\t', '  ')

const numbers = fc.oneof(
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 90n), max: 2n ** 90n }).map(String),
  fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => JSON.stringify(one)),
  fc.constantFrom(
    '-0',
    '0.0',
    '1.0',
    '1.50',
    '1e3',
    '1E+3',
    '-12e-1',
    '1e400',
    '0e9',
    '100000000000000000000',
  ),
)

/** As JSON has it, without the quotes. */
const inside = (text: string): string => JSON.stringify(text).slice(1, -1)

/** A text in quotes, some characters of which are escaped though they need not be. */
const texts = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'grapheme', maxLength: 4 }).map(inside),
      fc.constantFrom(
        '\\u0041',
        '\\/',
        '\\"',
        '\\\\',
        '\\n',
        '\\ud83d\\ude00',
        'ä',
        '😀',
        '\\u00e4',
      ),
    ),
    { maxLength: 4 },
  )
  .map((parts) => `"${parts.join('')}"`)

export const scalarText = fc.oneof(numbers, texts, fc.constantFrom('null', 'true', 'false'))

const { value: anyValue } = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalarText,
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[ ${items.join(' ,')}]`),
    fc
      .array(fc.tuple(texts, tie('value')), { maxLength: 3 })
      .map((members) => `{${members.map(([name, value]) => `${name} :${value}`).join(',')} }`),
  ),
}))

export const valueText = anyValue

/** An object of members of these names and others. */
export const objectText = (names: readonly string[]): fc.Arbitrary<ObjectText> => {
  // One of the names with an escape in it is the same name.
  const written = (name: string): string[] => [
    JSON.stringify(name),
    `"\\u00${name.charCodeAt(0).toString(16).padStart(2, '0')}${name.slice(1)}"`,
  ]
  const name = fc.oneof(
    { arbitrary: fc.constantFrom(...names.flatMap(written)), weight: 3 },
    { arbitrary: texts, weight: 1 },
  )
  const member = fc
    .tuple(name, space, space, fc.oneof(scalarText, valueText), space, space)
    .map(([quoted, before, after, value, end, next]): MemberText => {
      const text = `${quoted}${before}:${after}${value}`
      return { name: JSON.parse(quoted), text, value, behind: `${end},${next}` }
    })
  return fc
    .tuple(space, fc.array(member, { maxLength: 8 }), space)
    .map(([open, members, close]) => {
      const last = members.length - 1
      const all = members.map(({ text, behind }, i) => (i < last ? text + behind : text)).join('')
      return { text: `${open}{${open}${all}${close}}${close}`, members }
    })
}

/** The value of the last member of that name; null where there is none. */
export const lastOf = ({ members }: ObjectText, name: string): string =>
  members.findLast((member) => member.name === name)?.value ?? 'null'

/** The members without some, as they came: between those that were neighbours there is what was between them. */
export function without({ members }: ObjectText, names: readonly string[]): string {
  let text = ''
  let before = -1
  for (const [i, member] of members.entries()) {
    if (names.includes(member.name)) continue
    if (before >= 0) text += before === i - 1 ? members[before].behind : ','
    text += member.text
    before = i
  }
  return text
}
