import type { RejectReason } from '../batch.ts'
import { unitHint } from '../codec/likely-unit.ts'
import type { TopicCodec, ValueReader } from '../codec/port.ts'
import type { Block } from '../input/input-queue.ts'
import { badTime, timeText } from '../output/time-text.ts'
import type { Source } from '../plan/plan.ts'
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
  readonly #source: Source
  readonly #context: TaskContext

  constructor(source: Source, context: TaskContext) {
    this.#source = source
    this.#context = context
  }

  /** Fills in the block's times. @returns -1; or the record whose schema has to be loaded first */
  read(block: Block, codec: TopicCodec): number {
    if (this.#source.time !== null) {
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
    const { now, aheadMs } = this.#context
    const latest = Math.min(MOST_MS, now() + Math.min(this.#source.aheadMs, aheadMs))
    for (let i = 0; i < block.columns.length; i++) {
      if (!(block.times[i] > latest) && block.times[i] >= -MOST_MS) continue
      if (block.times === block.columns.timestamps) block.times = block.times.slice()
      block.times[i] = this.#instead(block, i, latest)
    }
  }

  /** The time of a record whose own cannot be right. */
  #instead({ times, columns }: Block, i: number, latest: number): number {
    if (this.#source.early !== 'timestamp' || !(times[i] > latest)) return UNTIMED
    const own = columns.timestamps[i]
    if (own > latest || own < -MOST_MS) return UNTIMED
    this.#context.counts.timesReplaced.add(this.#source.topic)
    return own
  }

  /** What is wrong with the time of a record that is UNTIMED; null: it is to be dropped. */
  fault(value: ValueReader, { columns }: Block, i: number): [RejectReason, string] | null {
    const { aheadMs: topicMs, now, plan } = this.#context
    const { time: field, aheadMs, aheadKey, early } = this.#source
    const time = field === null ? columns.timestamps[i] : value.time
    if (Number.isNaN(time)) {
      const { timeText: text } = value
      return text === '' ? ['null_field', 'The time field is null'] : ['bad_time', badTime(text)]
    }
    if (time < -MOST_MS) {
      return [
        'too_old',
        `Its time ${timeText(time)} is before the first that is taken, ${-MOST_MS} ms`,
      ]
    }
    if (early === 'drop') return null
    if (time > MOST_MS) {
      return [
        'future_time',
        `Its time ${timeText(time)} is after the last that is taken, ${MOST_MS} ms`,
      ]
    }
    const { outputs } = plan.written
    const topic = outputs.length === 1 ? outputs[0].topic : 'an output topic'
    const limit = aheadMs <= topicMs ? aheadKey : `message.timestamp.after.max.ms of ${topic}`
    const hint = field === null ? '' : unitHint(field, value.timeText, value.timeReading!, now())
    const ahead = `Its time ${timeText(time)} is ${Math.ceil(time - now())} ms ahead of the clock`
    const own = early === 'timestamp' ? ', and its timestamp is no better' : ''
    return ['future_time', `${ahead}; ${limit} allows ${Math.min(aheadMs, topicMs)}${own}${hint}`]
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
