/** Days and dates of the Gregorian calendar in UTC, without an object for each. */

export const MICROS_PER_DAY = 86_400_000_000

export interface CivilDate {
  year: number
  /** 1 to 12. */
  month: number
  day: number
}

const DAYS_PER_ERA = 146_097

/** Howard Hinnant's algorithm. @param days since 1970; the date is written into `date` */
export function dateOf(days: number, date: CivilDate): CivilDate {
  const shifted = days + 719_468
  const era = Math.floor(shifted / DAYS_PER_ERA)
  const dayOfEra = shifted - era * DAYS_PER_ERA
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  )
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const fromMarch = Math.floor((5 * dayOfYear + 2) / 153)
  date.day = dayOfYear - Math.floor((153 * fromMarch + 2) / 5) + 1
  date.month = fromMarch < 10 ? fromMarch + 3 : fromMarch - 9
  date.year = yearOfEra + era * 400 + (date.month <= 2 ? 1 : 0)
  return date
}

/** Days since 1970. */
export function daysOf(year: number, month: number, day: number): number {
  const shifted = month <= 2 ? year - 1 : year
  const era = Math.floor(shifted / 400)
  const yearOfEra = shifted - era * 400
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * DAYS_PER_ERA + dayOfEra - 719_468
}

export const isDate = (year: number, month: number, day: number): boolean => {
  if (month < 1 || month > 12 || day < 1) return false
  const next = month === 12 ? daysOf(year + 1, 1, 1) : daysOf(year, month + 1, 1)
  return day <= next - daysOf(year, month, 1)
}
