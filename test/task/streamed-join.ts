/** A join's task alone, for very many streams: no commit, no store, nothing that waits; what has come out is read at the end. */
import assert from 'node:assert/strict'
import type { Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { bytesOf } from '../../src/bytes.ts'
import { written } from '../../src/cli/simulate/records.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { JOIN_KINDS, type JoinKind } from '../../src/config/join-kind.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import type { Counts } from '../../src/counts/counts.ts'
import { DimensionTable } from '../../src/dimension/table.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { JoinTask } from '../../src/task/join-task.ts'
import {
  FRAME,
  joinPipeline,
  recordBytes,
  rowOf,
  SILENCE_MS,
  storedRow,
} from '../cli/simulate/join/simulated-join.ts'
import { Disk } from '../commit/disk.ts'
import { taskContext, wholeOutput } from '../support/task-context.ts'
import { LEFT, type ModelTimes, NaiveJoin, RIGHT, rowText } from '../window/model.ts'
import {
  NOON,
  type RandomStream,
  type StreamRecord,
  type StreamStep,
} from '../window/random-streams.ts'

const NO_LIMITS = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }
const MEMORY = new MemoryShares(memoryLimits(NO_LIMITS, 1 << 30), 1)

interface Compiled {
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  readonly output: AvroJson
  readonly table: DimensionTable
}

/** Of a kind of join all streams have the same codec. */
async function compile(kind: JoinKind, timeField: boolean): Promise<Compiled> {
  const pipeline = joinPipeline({ beforeMs: 0, afterMs: 0, graceMs: 0, kind }, timeField)
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const table = new DimensionTable()
  const key = bytesOf(Buffer.from('here'))
  const row = bytesOf(storedRow({ kind }))
  table.put(key, 0, key.length, row, 0, row.length)
  return { pipeline, codec, output: new AvroJson(JSON.parse(codec.outputSchema)), table }
}

export class StreamedJoins {
  readonly #compiled: ReadonlyMap<JoinKind, Compiled>

  private constructor(compiled: ReadonlyMap<JoinKind, Compiled>) {
    this.#compiled = compiled
  }

  /** @param timeField whether a field has the event time */
  static async open(timeField: boolean): Promise<StreamedJoins> {
    const kinds = JOIN_KINDS.map(async (kind) => [kind, await compile(kind, timeField)] as const)
    return new StreamedJoins(new Map(await Promise.all(kinds)))
  }

  /** Throws unless the stream gives what the model gives, rows and rejects. @returns the model's rows */
  async agree({ times, steps }: RandomStream): Promise<readonly string[]> {
    const model = new NaiveJoin(times)
    const task = new StreamedJoin(times, this.#compiled.get(times.kind)!)
    for (const run of runsOf([...steps, 'silence'])) {
      await task.take(run)
      for (const step of run) {
        if (step === 'silence') model.closeAll()
        else model.take(step)
      }
    }
    const rows = model.rows.map(rowText).sort()
    const late = (policy: string): number =>
      model.late.filter(({ side }) => (times.late?.[side] ?? 'drop') === policy).length
    const faulty = steps.filter((step) => step !== 'silence' && step.isRejected).length
    const rejected = faulty + late('reject')
    assert.deepEqual(await task.outcome(), { rows, rejected, dropped: late('drop') })
    return rows
  }
}

/** What comes at once: records of one side, or a silence. */
function runsOf(steps: readonly StreamStep[]): StreamStep[][] {
  const runs: StreamStep[][] = []
  let last: number | 'silence' | undefined
  for (const step of steps) {
    const of = step === 'silence' ? step : step.side
    if (of === last && of !== 'silence') runs[runs.length - 1].push(step)
    else runs.push([step])
    last = of
  }
  return runs
}

class StreamedJoin {
  readonly #task: JoinTask
  readonly #output: AvroJson
  readonly #offsets = [0, 0]
  #clock = NOON
  readonly #counts: Counts

  constructor(times: ModelTimes, { pipeline, codec, output, table }: Compiled) {
    const { beforeMs, afterMs, graceMs, late } = times
    const [join] = pipeline.joins
    const lateness = late === undefined ? join.late : { left: late[0], right: late[1] }
    const own = { ...pipeline, joins: [{ ...join, beforeMs, afterMs, graceMs, late: lateness }] }
    const context = taskContext(own, codec, {
      dimensions: [table],
      outputs: wholeOutput(own, FRAME),
      aheadMs: 3_600_000,
      memory: MEMORY,
      now: () => this.#clock,
      elapsed: () => this.#clock,
    })
    this.#counts = context.counts
    this.#output = output
    this.#task = new JoinTask(taskOf(0, 1), new PageStore(new Disk().open(), codec.layout), context)
  }

  async take(run: readonly StreamStep[]): Promise<void> {
    const records = run.filter((step) => step !== 'silence')
    if (records.length === 0) this.#clock += SILENCE_MS
    for (const { time, isRejected } of records) {
      if (!isRejected) this.#clock = Math.max(this.#clock, time)
    }
    for (const side of [LEFT, RIGHT]) {
      const own = records.filter((record) => record.side === side)
      this.#task.offer(side, await answerOf(own, this.#offsets[side]))
      this.#offsets[side] += own.length
    }
    while (await this.#task.process());
  }

  /** The rows, sorted, and how many records were rejected and dropped. */
  async outcome(): Promise<{ rows: string[]; rejected: number; dropped: number }> {
    const { outputs = [], rejects = [] } = this.#task.drain() ?? {}
    const rows: string[] = []
    for await (const { columns, i } of written(outputs)) {
      rows.push(rowOf(this.#output.decode(recordAt(columns, i).value!.subarray(FRAME.length))))
    }
    let rejected = 0
    for await (const _ of written(rejects)) rejected++
    return { rows: rows.sort(), rejected, dropped: this.#counts.droppedLate }
  }
}

async function answerOf(records: readonly StreamRecord[], offset: number): Promise<Fetched> {
  const to = { topic: 'input', partition: 0, transactional: false, compression: 'none' } as const
  let bytes = Buffer.alloc(0)
  if (records.length > 0) {
    const writer = new RecordBatchWriter(to)
    for (const record of records)
      writer.recordOf(record.time, { ...recordBytes(record), headers: [] })
    bytes = Buffer.from(await writer.seal(-1n, -1, -1))
    writer.release()
    bytes.writeBigInt64BE(BigInt(offset))
  }
  const columns = await decodeRecordBatches(bytes, offset, [])
  const end = offset + records.length
  return { topic: 'input', partition: 0, columns, lastStableOffset: end, highWatermark: end }
}
