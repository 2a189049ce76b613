/** A task whose facts wait, fed by the steps of a world; its state is what its last commit has left on a disk. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { setImmediate as nextTurn } from 'node:timers/promises'
import type { RecordBytes } from '../../src/batch.ts'
import type { Fetched } from '../../src/broker/port.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, recordAt } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { written } from '../../src/cli/simulate/records.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import type { PipelineCodec } from '../../src/codec/port.ts'
import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import type { DimensionStore } from '../../src/dimension/dimension-store.ts'
import type { DimensionPorts } from '../../src/dimension/ports.ts'
import { RowReader } from '../../src/dimension/row-reader.ts'
import { rowsOf } from '../../src/dimension/rows.ts'
import { MemoryShares, memoryLimits } from '../../src/plan/memory.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { createTask } from '../../src/task/create-task.ts'
import type { RunnableTask, TaskContext } from '../../src/task/task.ts'
import { Disk } from '../commit/disk.ts'
import { taskContext } from '../support/task-context.ts'
import type { Outcome, Step, WaitingDimension, WaitingFact } from './waiting-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'waiting-'))
after(() => rmSync(folder, { recursive: true }))

const record = (name: string, fields: object): object => ({
  type: 'record',
  name,
  fields: Object.entries(fields).map(([field, type]) => ({ name: field, type })),
})
const nullable = ['null', 'string']
const SCHEMAS = {
  fact: record('Fact', { id: 'string', ka: nullable, kb: nullable }),
  row: record('Row', { v: 'string', next: nullable }),
  right: record('Right', { id: 'string', n: 'int' }),
}
for (const [name, schema] of Object.entries(SCHEMAS)) {
  writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(schema))
}
const FRAME = Buffer.alloc(5)
const jsons = {
  fact: new AvroJson(SCHEMAS.fact),
  row: new AvroJson(SCHEMAS.row),
  right: new AvroJson(SCHEMAS.right),
}
const NO_LIMITS = { limit: null, pages: null, fetch: null, epoch: null, dimensions: null }
const SHARES = new MemoryShares(memoryLimits(NO_LIMITS, 1 << 30), 1)

export const encoded = (schema: keyof typeof jsons, value: object): Buffer => {
  const faults: string[] = []
  const body = jsons[schema].encode(value, (_path, message) => faults.push(message))
  assert.deepEqual(faults, [])
  return Buffer.concat([FRAME, body!])
}

/** @param join of the file; undefined: there is none */
export function waitingPipeline(
  dimensions: readonly WaitingDimension[],
  joined?: object,
): Pipeline {
  const sections = dimensions.map(({ name, on, missing, waitMs, isAsOf }) => {
    const fate =
      waitMs === 0
        ? missing
        : Object.fromEntries([
            ['wait', `${waitMs}ms`],
            ['then', missing],
          ])
    const select = { [`${name}_v`]: 'v' }
    const asOf = isAsOf ? { asOf: 'event-time' } : {}
    return [name, { topic: `rows-${name}`, schema: 'row.avsc', on, select, missing: fate, ...asOf }]
  })
  const file = {
    name: 'waiting',
    kafka: { brokers: 'localhost:9092' },
    facts: { topic: 'facts', schema: 'fact.avsc', select: ['id'] },
    dimensions: Object.fromEntries(sections),
    ...(joined === undefined ? {} : { join: joined }),
    output: { topic: 'out', schemaId: 1 },
  }
  return parsePipeline(JSON.stringify(file), join(folder, 'pipeline.yaml'), {})
}

type Timed = RecordBytes & { readonly time: number }

/** An answer of a broker with these, or with nothing. */
export async function fetched(
  topic: string,
  records: readonly Timed[],
  offset: number,
): Promise<Fetched> {
  let bytes = Buffer.alloc(0)
  if (records.length > 0) {
    const to = { topic, partition: 0, transactional: false, compression: 'none' } as const
    const writer = new RecordBatchWriter(to)
    for (const one of records) writer.recordOf(one.time, one)
    bytes = Buffer.from(await writer.seal(-1n, -1, -1))
    bytes.writeBigInt64BE(BigInt(offset))
  }
  const columns = await decodeRecordBatches(bytes, offset, [])
  const end = offset + records.length
  return { topic, partition: 0, columns, lastStableOffset: end, highWatermark: end }
}

export class WaitingTask {
  readonly outcomes = new Map<string, Outcome>()
  /** Of a join: what has come out, as JSON of the fact's id, its rows' values and the right record's number. */
  readonly rows: string[] = []
  /** Offsets of facts that were rejected, by id. */
  readonly rejectedAt = new Map<string, number>()
  readonly context: TaskContext
  task: RunnableTask
  /** Up to where rows are that are looked up as of a time. */
  readonly rowLimit = { limit: Number.POSITIVE_INFINITY, slowest: undefined }
  readonly #pipeline: Pipeline
  readonly #codec: PipelineCodec
  readonly #output: AvroJson
  readonly #readers: readonly RowReader[]
  readonly #disk = new Disk()
  readonly #offsets: number[]
  readonly #parts: readonly string[]
  #pageBytes = SHARES.pageBytes
  #wall = 1_700_000_000_000

  private constructor(pipeline: Pipeline, codec: PipelineCodec, waitingBytes: number) {
    this.#pipeline = pipeline
    this.#codec = codec
    this.#output = new AvroJson(JSON.parse(codec.outputSchema))
    this.#parts = pipeline.dimensions.map(({ name }) => `${name}_v`)
    const store = { put() {}, delete() {} } as unknown as DimensionStore
    const all = pipeline.dimensions.map((config) => {
      const ports = { config, claim() {}, now: () => this.#wall, onLate() {} }
      return rowsOf(ports as unknown as DimensionPorts, store)
    })
    const tables = all.map(({ table }) => table)
    for (const { versions } of all) versions?.horizon.begin([0], [0])
    this.#readers = all.map(({ writer }, d) => {
      const ports = {
        codec: codec.dimensions[d],
        keepsPlaces: false,
        key: codec.dimensionKeys[d],
        former: codec.formerRows[d],
        onReject: (...[, , , reason, error]: unknown[]) => assert.fail(`${reason}: ${error}`),
        onOtherType: () => assert.fail(),
        onFiltered: () => assert.fail(),
        onDeleted: () => {},
        onPassedOver: () => assert.fail(),
        config: pipeline.dimensions[d],
      }
      return new RowReader(ports, writer)
    })
    const task = this
    this.context = taskContext(pipeline, codec, {
      dimensions: tables,
      rowLimit: pipeline.dimensions.some(({ asOf }) => asOf !== null) ? this.rowLimit : null,
      now: () => this.#wall,
      elapsed: () => this.#wall,
      memory: {
        ...SHARES,
        get pageBytes() {
          return task.#pageBytes
        },
        waitingBytes,
      },
    })
    this.#offsets = this.context.plan.sources.map(() => 0)
    this.task = this.#create()
  }

  /** @param change of the codec. @param waitingBytes that facts that wait may take */
  static async open(
    pipeline: Pipeline,
    change = (codec: PipelineCodec): PipelineCodec => codec,
    waitingBytes = SHARES.waitingBytes,
  ): Promise<WaitingTask> {
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    return new WaitingTask(pipeline, change(codec), waitingBytes)
  }

  #create(): RunnableTask {
    const pages = new PageStore(this.#disk.open(), this.#codec.layout)
    return createTask(taskOf(0, 1), pages, this.context)
  }

  async take(step: Step): Promise<void> {
    if (step.kind === 'restart') {
      this.#pageBytes = step.pageBytes
      await this.restart()
    } else if (step.kind === 'row') await this.#row(step)
    else if (step.kind === 'silence') this.#wall += step.ms
    if (step.kind === 'right') await this.offer(1, [rightRecord(step)])
    else await this.offer(0, step.kind === 'facts' ? step.facts.map(factRecord) : [])
    await this.work()
  }

  /** @param source of the records; the others answer that nothing has come */
  async offer(source: number, records: readonly Timed[]): Promise<void> {
    for (const [s, { topic }] of this.context.plan.sources.entries()) {
      const own = s === source ? records : []
      this.task.offer(s, await fetched(topic, own, this.#offsets[s]))
      this.#offsets[s] += own.length
    }
  }

  async work(): Promise<void> {
    do {
      while (await this.task.process());
      // A schema that is loaded is there a moment later.
      await nextTurn()
    } while (await this.task.process())
  }

  async end(): Promise<void> {
    for (const queue of this.task.queues) queue.end()
    await this.work()
  }

  /** Commits what was done, and goes on as another process would. */
  async restart(): Promise<void> {
    await this.commit()
    await this.task.state!.flush()
    const pages = new PageStore(this.#disk.open(), this.#codec.layout)
    const checkpoint = await pages.checkpoint()
    this.task = this.#create()
    if (checkpoint === undefined || checkpoint === 'other') return
    const state = this.task.state!
    for await (const page of pages.pages()) state.restore(page!)
    state.log.nextPage = checkpoint.nextPage
    state.heads.load(checkpoint.heads)
    state.restored(checkpoint)
    for (const [s, queue] of this.task.queues.entries()) queue.taken = checkpoint.offsets[s]
  }

  async commit(): Promise<void> {
    const epoch = this.task.drain()
    if (epoch === undefined) return
    for await (const { columns, i } of written(epoch.outputs)) this.#came(recordAt(columns, i))
    for await (const { columns, i } of written(epoch.rejects)) this.#rejected(recordAt(columns, i))
    await epoch.state!.committed(epoch.offsets, 0, 1)
  }

  #came({ value }: RecordBytes): void {
    const fields = this.#output.decode(value!.subarray(FRAME.length)) as Record<string, string>
    const values = this.#parts.map((part) => fields[part])
    if (this.#pipeline.joins.length === 0) this.set(fields.id, values)
    else this.rows.push(JSON.stringify([fields.id, values, fields.n]))
  }

  #rejected({ key, headers }: RecordBytes): void {
    const offset = headers.find(([name]) => name === 'enricher.offset')![1]
    this.rejectedAt.set(String(key), Number(offset))
    this.set(String(key), 'rejected')
  }

  set(id: string, outcome: Outcome): void {
    assert.ok(!this.outcomes.has(id), `${id} comes out once`)
    this.outcomes.set(id, outcome)
  }

  async #row({ dimension, key, value, time }: Step & { kind: 'row' }): Promise<void> {
    const bytes = value === null ? null : encoded('row', value)
    const row = { key: Buffer.from(key), value: bytes, headers: [], time }
    const { topic } = this.#pipeline.dimensions[dimension]
    const { columns } = await fetched(topic, [row], 0)
    assert.equal(this.#readers[dimension].apply(columns, 0, 0), 'done')
  }
}

export const factRecord = ({ id, ka, kb, time }: WaitingFact): Timed => ({
  key: Buffer.from(id),
  value: encoded('fact', { id, ka, kb }),
  headers: [['own', Buffer.from(`header of ${id}`)]],
  time,
})

export const rightRecord = ({ id, n, time }: { id: string; n: number; time: number }): Timed => ({
  key: Buffer.from(id),
  value: encoded('right', { id, n }),
  headers: [],
  time,
})
