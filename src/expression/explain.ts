import { isNumber, type Type, typeText } from './types.ts'

/** Why an operator does not take two types, and what to write instead. */
export function explain(operator: string, a: Type, b: Type): string {
  const pair = a.kind === b.kind ? `two ${a.kind}s` : `${typeText(a)} and ${typeText(b)}`
  return `${operator} does not take ${pair}${advice(operator, a, b)}`
}

function advice(operator: string, a: Type, b: Type): string {
  const kinds = [a.kind, b.kind]
  const both = (one: string, other: string): boolean =>
    kinds.includes(one as 'int') && kinds.includes(other as 'int')
  if (kinds.includes('null')) return '; null is compared by == and != only'
  if (kinds.includes('decimal')) {
    return '; a decimal’s nearest number is double(x), and its digits are string(x)'
  }
  if (kinds.includes('string') && (isNumber(a) || isNumber(b))) {
    return operator === '+'
      ? '; make the number text by string(x)'
      : '; write the number in quotes, or make the text a number by int(x) or double(x)'
  }
  if (both('string', 'timestamp')) {
    return '; write timestamp("2026-01-31T00:00:00Z") for a text, or parseTime(x, pattern)'
  }
  if (both('int', 'timestamp')) {
    return operator === '+' || operator === '-'
      ? '; add a duration, as duration("5m")'
      : '; make a number of it by toMillis(x), or a time of the number by fromMillis(x)'
  }
  if (both('int', 'duration')) return '; write duration("90s") for a number'
  if (kinds.includes('bool') && kinds.includes('string'))
    return '; write true or false without quotes'
  if (operator === '%' && (isNumber(a) || isNumber(b))) return '; make whole numbers by int(x)'
  return ''
}
