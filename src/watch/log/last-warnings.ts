import { EVENTS, type EventFields, type EventName } from '../../events.ts'

/** Lines that are kept. */
const MOST = 20
/** Fields that have keys of records, or what was in them. */
const OF_RECORDS: ReadonlySet<string> = new Set(['key', 'keys', 'fault', 'hint'])
const HIDDEN = '…'

export interface WarningLine {
  /** When it was written: wall clock, in ms. */
  readonly at: number
  readonly level: 'warn' | 'error' | 'fatal'
  readonly event: EventName
  readonly text: string
}

interface Noted extends WarningLine {
  /** Its text without keys and contents of records. */
  readonly bare: string
}

/** The last lines of the log that warn, for people who look at the page and not into the log. */
export class LastWarnings {
  readonly #lines: Noted[] = []

  /** @param textOf the line's sentence with these fields */
  add<Name extends EventName>(
    event: Name,
    fields: EventFields<Name>,
    textOf: (fields: EventFields<Name>) => string,
  ): void {
    const { level } = EVENTS[event]
    if (level === 'info') return
    const bare = textOf(withoutRecords(fields))
    this.#lines.push({ at: Date.now(), level, event, text: textOf(fields), bare })
    if (this.#lines.length > MOST) this.#lines.shift()
  }

  /** Newest first. @param records whether keys and contents of records may be in it */
  list(records: boolean): WarningLine[] {
    return this.#lines.toReversed().map(({ bare, ...line }) => {
      return records ? line : { ...line, text: bare }
    })
  }
}

function withoutRecords<Fields extends object>(fields: Fields): Fields {
  const shown = Object.entries(fields).map(([name, value]) => {
    return [name, OF_RECORDS.has(name) ? HIDDEN : value]
  })
  return Object.fromEntries(shown) as Fields
}
