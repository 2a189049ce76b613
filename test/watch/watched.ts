/** An instance as far as it is watched: its counts, a clock that the test moves, and what the log says. */
import type { TestContext } from 'node:test'
import { bytesOf, NO_BYTES } from '../../src/bytes.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { Counts } from '../../src/counts/counts.ts'
import type { Dimension } from '../../src/dimension/dimension.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { EVENTS, type EventLine, type EventName } from '../../src/events.ts'
import { memoryLimits } from '../../src/plan/memory.ts'
import { planOf } from '../../src/plan/plan.ts'
import type { Check } from '../../src/watch/http/health.ts'
import { logTo } from '../../src/watch/log/log.ts'
import type { ServiceParts } from '../../src/watch/status/parts.ts'
import { Watch } from '../../src/watch/verdict/watch.ts'
import { pipelineWith } from '../support/pipeline.ts'

/** A line of the log, as it is printed. */
export interface Line extends Record<string, unknown> {
  readonly event: EventName
  readonly msg: string
}

export class Watched {
  readonly pipeline: Pipeline
  readonly counts: Counts
  readonly parts: ServiceParts
  readonly watch: Watch
  /** What is not ready yet. */
  checks: Check[] = []
  readonly lines: Line[] = []
  #now = 0

  constructor(t: TestContext, pipeline = pipelineWith(), rows: readonly string[] = ['1', '2']) {
    this.pipeline = pipeline
    this.counts = new Counts(pipeline.dimensions.map(({ name }) => name))
    const table = new DimensionTable()
    for (const row of rows) {
      const key = bytesOf(Buffer.from(row))
      table.put(key, 0, key.length, NO_BYTES, 0, 0)
    }
    const read = { records: rows.length, bytes: 0 }
    const progress = { openTransaction: undefined }
    const dimensions = pipeline.dimensions.map(({ topic }) => ({
      topic,
      table,
      read,
      progress,
      versions: null,
    }))
    this.parts = {
      pipeline,
      plan: planOf(pipeline),
      version: '1',
      revision: '',
      instanceId: 'a',
      counts: this.counts,
      limits: memoryLimits(pipeline.memory, 1 << 30),
      dimensions: dimensions as unknown as readonly Dimension[],
    }
    const write = (line: string): unknown => this.lines.push(JSON.parse(line))
    const log = logTo({ write }, 'info')
    this.watch = new Watch(
      this.parts,
      () => this.checks,
      log,
      () => this.#now,
    )
    t.after(() => this.watch.close())
  }

  /** Each look comes after two seconds, with a broker that has answered in them. */
  pass(seconds: number, each: () => void = () => {}): void {
    for (let left = seconds; left > 0; left -= 2) {
      this.#now += 2000
      this.counts.lastAnswerMs = this.#now
      each()
      this.watch.look()
    }
  }

  /** The same, and nobody answers. */
  passAlone(seconds: number): void {
    this.#now += seconds * 1000
    this.watch.look()
  }

  facts(taken: number, rejected = 0, reason: 'malformed' | 'null_key' = 'malformed'): void {
    const { counts, pipeline } = this
    const { topic } = pipeline.facts
    counts.consumed[0] += taken
    for (let i = 0; i < rejected; i++) {
      counts.reject(topic, 'decode', reason)
      counts.lastRejects.add({
        topic,
        partition: 3,
        offset: counts.rejects.total,
        stage: 'decode',
        reason,
        error: 'The bytes end too soon',
        record: { key: Buffer.from('o12'), value: null },
      })
    }
  }

  lookUps(hits: number, misses: number, key = '0007'): void {
    const { counts } = this
    const bytes = Buffer.from(key)
    counts.lookupHits[0] += hits
    counts.lookupMisses[0] += misses
    for (let i = 0; i < misses; i++) counts.missingKeys[0].add(Number(key), bytes, 0, bytes.length)
  }

  get reasons(): string[] {
    return this.watch.verdict.reasons.map(({ reason }) => reason)
  }

  /** The lines of an event. */
  of(name: EventName): Line[] {
    return this.lines.filter(({ event }) => event === name)
  }

  /** What is printed is what the table of events declares. */
  get undeclared(): string[] {
    const usual = ['level', 'time', 'service', 'event', 'msg']
    return this.lines.flatMap((line) => {
      const { fields }: EventLine = EVENTS[line.event]
      const names = Object.keys(line).filter((name) => !usual.includes(name))
      const odd = names.filter((name) => !(name in fields))
      return [...odd, ...Object.keys(fields).filter((name) => !names.includes(name))]
    })
  }
}
