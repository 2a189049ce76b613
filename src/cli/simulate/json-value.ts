import { isObject } from '../../codec/avro/default.ts'
import type { AvroType, BranchType } from '../../codec/avro/schema.ts'

/** A whole number that a double does not hold is its digits in files of cases. */
const DIGITS = /^-?\d{16,}$/
const NUMBERS = new Set(['int', 'long', 'float', 'double'])

/** A value of a file of cases as its producer would write it in JSON. @param type what it is to be; undefined: nobody knows */
export function jsonText(value: unknown, type: AvroType | undefined): string {
  const of = (kind: BranchType['kind']): BranchType | undefined =>
    type?.kind === 'union' ? type.branches.find((one) => one.kind === kind) : branchIf(type, kind)
  if (typeof value === 'string') {
    const isNumber = DIGITS.test(value) && of('string') === undefined && isNumeric(type)
    return isNumber ? value : JSON.stringify(value)
  }
  if (Array.isArray(value)) {
    const list = of('array')
    const items = list?.kind === 'array' ? list.items : undefined
    return `[${value.map((item) => jsonText(item, items)).join()}]`
  }
  if (!isObject(value)) return JSON.stringify(value)
  const [record, map] = [of('record'), of('map')]
  const typeOf = (name: string): AvroType | undefined => {
    if (record?.kind === 'record') return record.fields.find((one) => one.name === name)?.type
    return map?.kind === 'map' ? map.values : undefined
  }
  const members = Object.entries(value).map(
    ([name, member]) => `${JSON.stringify(name)}:${jsonText(member, typeOf(name))}`,
  )
  return `{${members.join()}}`
}

const branchIf = (type: AvroType | undefined, kind: BranchType['kind']): BranchType | undefined =>
  type !== undefined && type.kind === kind ? (type as BranchType) : undefined

function isNumeric(type: AvroType | undefined): boolean {
  if (type?.kind === 'union') return type.branches.some(isNumeric)
  if (type === undefined) return false
  return NUMBERS.has(type.kind) || ('logical' in type && type.logical?.name === 'decimal')
}
