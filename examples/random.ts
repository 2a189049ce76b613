/** What generators take for chance: the same for the same number, so that runs can be compared. */

/** 32 well-mixed bits of a field's name and a record's number. */
export function mix(field: number, i: number): number {
  let h = Math.imul(i ^ 0x9e3779b9, 0x85ebca6b) ^ Math.imul(field + 1, 0xc2b2ae35)
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d)
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39)
  return (h ^ (h >>> 15)) >>> 0
}

export const pick = (field: number, i: number, among: number): number => mix(field, i) % among

/** Exponential, in whole milliseconds. */
export function delay(field: number, i: number, meanMs: number, mostMs: number): number {
  const uniform = (mix(field, i) + 1) / 4294967296
  return Math.min(mostMs, Math.floor(-meanMs * Math.log(uniform)))
}
