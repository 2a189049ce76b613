import type { RejectReason } from '../batch.ts'
import { unitHint } from '../codec/likely-unit.ts'
import type { TopicCodec, ValueReader } from '../codec/port.ts'
import type { Block } from '../input/input-queue.ts'
import { timeText } from '../output/time-text.ts'
import type { TaskContext } from './task.ts'

/** The event time of a record whose time cannot be read, or be right: it is rejected, and moves no stream time. */
export const UNTIMED = Number.NEGATIVE_INFINITY

/**
 * In ms: some 71,000 years before and after 1970. Of two such times the difference, and twice that, is exact, as
 * Kafka's record batches need it.
 */
const MOST_MS = 2 ** 51

/** The event times of a source's records, which the merge of sources needs ahead, also where a field carries them. */
export class EventTimes {
  readonly #field: string | null
  readonly #context: TaskContext

  /** @param field that carries it; null: the record's timestamp */
  constructor(field: string | null, context: TaskContext) {
    this.#field = field
    this.#context = context
  }

  /** Fills in the block's times. @returns -1; or the record whose schema has to be loaded first */
  read(block: Block, codec: TopicCodec): number {
    if (this.#field !== null) {
      const unknown = readField(block, codec)
      if (unknown >= 0) return unknown
    }
    this.#check(block)
    return -1
  }

  /**
   * A broker calculates wrong with some times, and a batch cannot have them. A clock that is wrong by hours must not make stream
   * time pass all other records, nor the broker refuse the epoch.
   */
  #check(block: Block): void {
    block.timesRead = true
    const latest = Math.min(MOST_MS, this.#context.now() + this.#context.aheadMs)
    for (let i = 0; i < block.columns.length; i++) {
      if (!(block.times[i] > latest) && block.times[i] >= -MOST_MS) continue
      if (block.times === block.columns.timestamps) block.times = block.times.slice()
      block.times[i] = UNTIMED
    }
  }

  /** What is wrong with the time of a record that is UNTIMED; null: it is to be dropped. */
  fault(value: ValueReader, { columns }: Block, i: number): [RejectReason, string] | null {
    const { plan, aheadMs, now } = this.#context
    const time = this.#field === null ? columns.timestamps[i] : value.time
    if (Number.isNaN(time)) return ['null_field', 'The time field is null']
    if (time < -MOST_MS) {
      return [
        'too_old',
        `Its time ${timeText(time)} is before the first that is taken, ${-MOST_MS} ms`,
      ]
    }
    if (plan.early === 'drop') return null
    if (time > MOST_MS) {
      return [
        'future_time',
        `Its time ${timeText(time)} is after the last that is taken, ${MOST_MS} ms`,
      ]
    }
    const limit =
      aheadMs === plan.aheadMs ? 'join.ahead' : 'message.timestamp.after.max.ms of the output topic'
    const hint =
      this.#field === null ? '' : unitHint(this.#field, value.timeText, value.timeReading!, now())
    const ahead = `Its time ${timeText(time)} is ${Math.ceil(time - now())} ms ahead of the clock`
    return ['future_time', `${ahead}; ${limit} allows ${aheadMs}${hint}`]
  }
}

/** @returns -1; or the record whose schema has to be loaded first */
function readField(block: Block, codec: TopicCodec): number {
  const { buffer, length, valueStarts, valueEnds, headerStarts, headerEnds } = block.columns
  for (let i = 0; i < length; i++) {
    block.times[i] = UNTIMED
    if (valueEnds[i] < 0) continue
    const value = codec.reader(buffer, valueStarts[i], valueEnds[i], headerStarts[i], headerEnds[i])
    if (value === null) return i
    if (typeof value === 'string') continue
    if (value.read(0, buffer, valueStarts[i], valueEnds[i]) !== null) continue
    value.select(0)
    if (!Number.isNaN(value.time)) block.times[i] = value.time
  }
  return -1
}
