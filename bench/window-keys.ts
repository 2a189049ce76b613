/** A join window that is driven with numbers as keys and bodies of the usual size. */
import { bytesOf, hashBytes, NO_BYTES } from '../src/bytes.ts'
import { WindowCounts } from '../src/counts/counts.ts'
import { TaskOutput } from '../src/output/task-output.ts'
import type { Page } from '../src/state/page.ts'
import { PageLog, type ReadPages } from '../src/state/page-log.ts'
import { StreamClock } from '../src/state/task-state.ts'
import { JoinWindow } from '../src/window/join-window.ts'
import { windowTimes } from '../src/window/segments.ts'
import { FIRST_TIME, writeOrderId } from './feed.ts'

export const LEFT = 0
export const RIGHT = 1
export const TIMES = windowTimes({ beforeMs: 60_000, afterMs: 60_000, graceMs: 0 })
const RECORD_TIMES = Float64Array.of(FIRST_TIME)
const BODY_BYTES = [110, 22]
const MAX_BATCH_BYTES = 1_048_588
const OUTPUT_BYTES = 4 << 20

const noPages: ReadPages = async () => {
  throw new Error('All pages are in memory')
}

const SHAPE = { open: bytesOf(Buffer.alloc(5)), between: NO_BYTES, close: NO_BYTES }
const NO_REJECTS = { tooLarge() {}, tooOld() {}, unwritten() {} }
const NO_COUNTS = { filtered: { add() {} } }
const TOPIC = { topic: 'output', compression: 'none', partitions: 1 } as const
const OUTPUTS = {
  whole: { ...TOPIC, maxBatchBytes: MAX_BATCH_BYTES },
  shape: SHAPE,
  sinks: [],
}

export class NumberedWindow {
  readonly window: JoinWindow
  readonly log: PageLog
  readonly #clock = new StreamClock()
  readonly #key = bytesOf(Buffer.from('o000000000000'))
  readonly #output = new TaskOutput(OUTPUTS, 0, [NO_BYTES, NO_BYTES], NO_REJECTS, NO_COUNTS)
  outputs = 0

  /** @param recentBytes of committed pages that stay in memory */
  constructor(recentBytes = 0, readPages: ReadPages = noPages) {
    this.log = new PageLog(() => recentBytes, readPages)
    this.window = new JoinWindow({
      times: TIMES,
      kind: 'inner',
      number: 0,
      log: this.log,
      clock: this.#clock,
      counts: new WindowCounts(),
      sink: this.#output,
    })
  }

  /** Inserts and probes, as a task does for each record. */
  take(side: number, key: number): void {
    writeOrderId(this.#key, 0, key)
    const { length } = this.#key
    const hash = hashBytes(this.#key, 0, length)
    const bytes = BODY_BYTES[side]
    this.window.insert(side, RECORD_TIMES, 0, hash, this.#key, 0, length, NO_BYTES, 0, 0, bytes)
    this.#clock.streamTime = FIRST_TIME
    this.window.probe(side, hash)
    if (this.#output.bytes > OUTPUT_BYTES) this.dropOutputs()
  }

  dropOutputs(): void {
    for (const batch of this.#output.drain()) {
      this.outputs += batch.records
      batch.release()
    }
  }

  commit(): Page[] {
    const pages = this.drain()
    this.log.recent.committed(this.log.nextPage - 1)
    this.log.recent.stored(this.log.nextPage - 1)
    return pages
  }

  /** The pages of the epoch, which ends. */
  drain(): Page[] {
    this.window.seal()
    return this.log.drain()
  }
}
