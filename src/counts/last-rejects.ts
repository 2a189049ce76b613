import type { RecordBytes, RejectReason, Stage } from '../batch.ts'
import { keyLook } from '../codec/keys/text.ts'

/** Where a reject came from, and why; its bytes are in the rejects topic. */
export interface RejectNote {
  /** When it was rejected: wall clock, in ms. */
  readonly at: number
  readonly topic: string
  readonly partition: number
  /** -1: a joined record, which has none. */
  readonly offset: number
  /** What its bytes look like; null: it has none. */
  readonly key: string | null
  /** What its value begins with; null: it has none. */
  readonly value: string | null
  readonly stage: Stage
  readonly reason: RejectReason
  readonly error: string
}

type Rejected = Omit<RejectNote, 'at' | 'key' | 'value'> & {
  readonly record: Pick<RecordBytes, 'key' | 'value'>
}
type Noted = Omit<RejectNote, 'key' | 'value'> & Pick<RecordBytes, 'key' | 'value'>

/** Rejects that are kept. */
const MOST = 50
/** So much is kept of a value: one byte more than is shown, so that the cut is seen. */
const VALUE_BYTES = 65

/** The last rejects of this instance, for people who look. Also those whose epoch is aborted later, and comes again. */
export class LastRejects {
  readonly #notes: Noted[] = []
  #next = 0
  /** The last reject of each topic and reason, of which there are few. */
  readonly #ofKind = new Map<string, Noted>()

  add({ topic, partition, offset, stage, reason, error, record }: Rejected): void {
    const { key } = record
    // A copy: the value may be large.
    const value = record.value && Buffer.from(record.value.subarray(0, VALUE_BYTES))
    const note = { at: Date.now(), topic, partition, offset, key, value, stage, reason, error }
    this.#notes[this.#next] = note
    this.#next = (this.#next + 1) % MOST
    this.#ofKind.set(`${topic} ${reason}`, note)
  }

  /** Newest first. */
  list(): readonly RejectNote[] {
    const [later, sooner] = [this.#notes.slice(0, this.#next), this.#notes.slice(this.#next)]
    return [...sooner, ...later].reverse().map(shown)
  }

  /** The last of a topic and reason. */
  last(topic: string, reason: string): RejectNote | undefined {
    const note = this.#ofKind.get(`${topic} ${reason}`)
    return note && shown(note)
  }
}

const shown = ({ key, value, ...note }: Noted): RejectNote => ({
  ...note,
  key: key && keyLook(key),
  value: value && keyLook(value),
})
