/** Figures as the page writes them. */
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const short = new Intl.NumberFormat('en', { notation: 'compact', maximumSignificantDigits: 3 })

export const NONE = '–'
/** All digits, of what is compared with figures elsewhere. */
export const exact = (n) => whole.format(n)
export const count = (n) => (n < 100_000 ? whole : short).format(n)
export const records = (n) => `${count(n)} ${n === 1 ? 'record' : 'records'}`
export const rate = (n) => `${n > 0 && n < 10 ? n.toFixed(n < 0.1 ? 2 : 1) : count(n)}/s`
export const percent = (part, all) =>
  all === 0 ? NONE : `${(Math.floor((1000 * part) / all) / 10).toFixed(1)} %`
/** What may not be known. */
export const or = (value, word) => (value === null || value === undefined ? NONE : word(value))

export function bytes(n) {
  const unit = Math.min(3, Math.floor(Math.log2(Math.max(1, n)) / 10))
  const value = n / 1024 ** unit
  return `${value.toFixed(unit === 0 || value >= 100 ? 0 : 1)} ${['B', 'KiB', 'MiB', 'GiB'][unit]}`
}

/** @param ms milliseconds */
export function span(ms) {
  if (ms < 1000) return `${Math.max(0, Math.round(ms))} ms`
  const s = ms / 1000
  if (s < 60) return `${s.toFixed(s < 10 ? 1 : 0)} s`
  const two = (size, name, part, partName) => {
    const rest = Math.floor((s % size) / part)
    return `${Math.floor(s / size)} ${name}${rest === 0 ? '' : ` ${rest} ${partName}`}`
  }
  if (s < 3600) return two(60, 'min', 1, 's')
  if (s < 86_400) return two(3600, 'h', 60, 'min')
  return two(86_400, 'd', 3600, 'h')
}

/** Of times that are longer the instance knows no more: `LONGEST_MS` of `counts.ts`. */
const LONGEST_MS = 2 ** 31
export const latency = (ms) => (ms >= LONGEST_MS ? 'over 24 d' : span(ms))

export const ago = (at, now) => or(at, () => `${span(now - at)} ago`)
const iso = (at) => new Date(at).toISOString()
export const clock = (at) => or(at, () => iso(at).replace('T', ' ').slice(0, 19))

/** Since when, with the date where it is not today's. */
export function since(at, now) {
  const isToday = iso(at).slice(0, 10) === iso(now).slice(0, 10)
  return `since ${isToday ? iso(at).slice(11, 16) : clock(at).slice(0, 16)} UTC (${span(now - at)})`
}

/** Whole numbers, in order: `0–2, 5`. */
export function ranges(numbers) {
  const runs = []
  for (const n of numbers.toSorted((a, b) => a - b)) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] === n - 1) last[1] = n
    else runs.push([n, n])
  }
  return runs.map(([a, b]) => (a === b ? `${a}` : `${a}–${b}`)).join(', ') || NONE
}

export const lowered = (text) => text[0].toLowerCase() + text.slice(1)
