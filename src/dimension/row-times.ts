import type { RejectReason } from '../batch.ts'
import { unitHint } from '../codec/likely-unit.ts'
import type { ValueReader } from '../codec/port.ts'
import type { DimensionConfig } from '../config/pipeline.ts'
import { badTime, timeText } from '../output/time-text.ts'

/** How far ahead of the clock the time of a row may be, as that of a join's records: one wrong clock must not end the history of all other rows. */
const AHEAD_MS = 10_000

/** From when rows are valid: the time that a field says, or the record's own. */
export class RowTimes {
  readonly #field: string | null
  readonly #now: () => number
  /** Of the record that was read last, in ms since 1970. */
  time = 0
  /** What is wrong with it. */
  fault = ''

  /** @param now the wall clock, in ms */
  constructor({ time }: Pick<DimensionConfig, 'time'>, now: () => number) {
    this.#field = time
    this.#now = now
  }

  /** @param timestamp the record's own. @param value has the field; null: it is a deletion, which has none. @returns why the time cannot be taken; null: it can */
  read(timestamp: number, value: ValueReader | null): RejectReason | null {
    this.time = this.#field === null || value === null ? timestamp : value.time
    if (Number.isNaN(this.time)) {
      const text = value!.timeText
      this.fault = text === '' ? 'The time field is null' : badTime(text)
      return text === '' ? 'null_field' : 'bad_time'
    }
    const ahead = this.time - this.#now()
    if (ahead <= AHEAD_MS) return null
    const hint =
      this.#field === null || value === null
        ? ''
        : unitHint(this.#field, value.timeText, value.timeReading!, this.#now())
    this.fault = `Its time ${timeText(this.time)} is ${Math.ceil(ahead)} ms ahead of the clock; a row as of a time may be ${AHEAD_MS}${hint}`
    return 'future_time'
  }
}
