/** The last time that JavaScript has a date for, in ms; the first is as far before 1970. */
export const LAST_DATE = 8.64e15

/** @param text of a time field, in quotes */
export const badTime = (text: string): string =>
  `Its time ${text} is not ISO 8601 with a zone, as "2026-01-31T12:00:00Z"`

/** ISO 8601; the number where there is no such date. @param ms since 1970 */
export const timeText = (ms: number): string =>
  Math.abs(ms) <= LAST_DATE ? new Date(ms).toISOString() : String(ms)
