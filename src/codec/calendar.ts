/** Days of 400 years, after which all is the same again, and from March 1 of year 0 until 1970. */
const ERA_DAYS = 146_097
const TO_1970 = 719_468

/** A day of the Gregorian calendar, of any year. */
export interface CalendarDay {
  year: number
  /** From 1 on. */
  month: number
  /** From 1 on. */
  day: number
}

/** Days since 1970 as year, month and day: https://howardhinnant.github.io/date_algorithms.html#civil_from_days */
export function readCalendar(days: number, into: CalendarDay): void {
  const shifted = days + TO_1970
  const era = Math.floor(shifted / ERA_DAYS)
  const ofEra = shifted - era * ERA_DAYS
  const year = Math.floor(
    (ofEra - Math.floor(ofEra / 1460) + Math.floor(ofEra / 36_524) - Math.floor(ofEra / 146_096)) /
      365,
  )
  const ofYear = ofEra - (365 * year + Math.floor(year / 4) - Math.floor(year / 100))
  // Months from March on, so that the day that a year may have more is the last one.
  const month = Math.floor((5 * ofYear + 2) / 153)
  into.year = year + era * 400 + (month < 10 ? 0 : 1)
  into.month = month < 10 ? month + 3 : month - 9
  into.day = ofYear - Math.floor((153 * month + 2) / 5) + 1
}
