/** The dimensions of this instance: their stores, where their rejects go, the memory that they may take. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from '../broker/port.ts'
import { recordAt } from '../broker/record-columns.ts'
import type { PipelineCodec } from '../codec/port.ts'
import type { DimensionConfig, Pipeline } from '../config/pipeline.ts'
import type { Counts } from '../counts/counts.ts'
import { codeOf, EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import type { Rejected } from '../output/write-reject.ts'
import { openStore, type Store, timed } from '../state/level.ts'
import { Dimension } from './dimension.ts'
import type { DimensionPorts } from './ports.ts'
import { type DimensionRejects, OwnRejects } from './rejects.ts'

/** Rows of one topic, and by their place in the file the dimensions that have them: see `TablePlan`. */
interface Table {
  readonly dimensions: readonly number[]
}

interface OpenTable extends Table {
  readonly store: Store
}

export interface DimensionsOptions {
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  readonly tables: readonly OpenTable[]
  readonly broker: Broker
  readonly rejects: DimensionRejects
  /** Bytes that all tables together may have. */
  readonly limit: number
  readonly counts: Counts
  readonly log: Log
  /** Runs `work` once no fact is being taken, and none is until it has ended. */
  readonly hold: (work: () => Promise<void>) => Promise<void>
  /** Rows have come that facts may wait for. */
  readonly onRows: () => void
  /** A broker does not know a topic, or not by its id. */
  readonly onUnknownTopic: () => void
  readonly onFatal: (error: unknown) => void
}

/** Opens the stores of the plan's tables, in their order. */
export function openDimensionStores(
  pipeline: Pipeline,
  tables: readonly Table[],
  counts: Counts,
  log: Log,
): Promise<OpenTable[]> {
  return Promise.all(
    tables.map(async ({ dimensions }) => {
      const { name } = pipeline.dimensions[dimensions[0]]
      return { dimensions, store: await openDimension(pipeline, name, counts, log) }
    }),
  )
}

/** A dimension's store; a damaged one goes, for the topic has all that was in it. */
async function openDimension(
  pipeline: Pipeline,
  name: string,
  counts: Counts,
  log: Log,
): Promise<Store> {
  const folder = join(pipeline.state.dir, 'dimension', name)
  const store = await openStore(folder).catch((error) => {
    if (codeOf(error) !== 'STATE_CORRUPT') throw error
    log.event('dimension_store_damaged', { err: error, folder })
    counts.quarantined.add(`dimension/${name} damaged`)
    rmSync(folder, { recursive: true, force: true })
    return openStore(folder)
  })
  return timed(store, (op, ms) => counts.storeOps.add(`dimension/${name} ${op}`, ms))
}

/** @returns them by dimension of the file; those of one table are one */
export function createDimensions(options: DimensionsOptions): Dimension[] {
  const dimensions: Dimension[] = []
  const made: Dimension[] = []
  for (const table of options.tables) {
    const dimension = createDimension(options, table, made)
    made.push(dimension)
    for (const d of table.dimensions) dimensions[d] = dimension
  }
  return dimensions
}

/** @param made the dimensions so far */
function createDimension(
  options: DimensionsOptions,
  { dimensions: [d], store }: OpenTable,
  made: readonly Dimension[],
): Dimension {
  const { pipeline, codec, broker, rejects, limit, counts, onFatal, log } = options
  const config = pipeline.dimensions[d]
  const own = new OwnRejects(rejects)
  return new Dimension({
    config,
    codec: codec.dimensions[d],
    key: codec.dimensionKeys[d],
    former: codec.formerRows[d],
    layout: `${codec.layout} ${config.topic} ${codec.rowLayouts[d]}`,
    keepsPlaces: pipeline.provenance,
    store,
    admin: broker.admin,
    createReader: (events) =>
      broker.reader(
        { maxBytesPerPartition: 4 << 20, maxBytes: 8 << 20, minBytes: 1, maxWaitMs: 500 },
        events,
      ),
    onReject: rejecting(config, own, counts),
    onOtherType: () => counts.otherTypes.add(config.topic),
    onFiltered: () => counts.filtered.add(config.topic),
    onDeleted: () => counts.deletions.add(config.topic),
    onPassedOver: () => counts.passedOver.add(config.topic),
    onLate: () => counts.lateRows.add(config.name),
    onRows: options.onRows,
    room: () => rejects.room(),
    rejects: own,
    claim: (bytes) => claim(made, bytes, limit),
    onUnusable: (reason) => counts.quarantined.add(`dimension/${config.name} ${reason}`),
    onUnknownTopic: options.onUnknownTopic,
    hold: options.hold,
    onFatal,
    now: Date.now,
    log,
  })
}

function rejecting(
  { topic }: DimensionConfig,
  rejects: OwnRejects,
  counts: Counts,
): DimensionPorts['onReject'] {
  return (columns, i, partition, reason, error) => {
    counts.reject(topic, 'decode', reason)
    const offset = columns.offsets[i]
    const timestamp = columns.timestamps[i]
    const record = recordAt(columns, i)
    const rejected: Rejected = {
      topic,
      partition,
      offset,
      timestamp,
      stage: 'decode',
      reason,
      error,
      record,
    }
    counts.lastRejects.add(rejected)
    rejects.add(rejected)
  }
}

/** Ends the service, rather than have the container killed, where the dimensions outgrow their memory. */
function claim(dimensions: readonly Dimension[], bytes: number, limit: number): void {
  const held = dimensions.reduce((sum, { table }) => sum + table.bytes, 0)
  if (held + bytes <= limit) return
  const rows = dimensions.reduce((sum, { table }) => sum + table.size, 0)
  const message = `The dimensions need more than ${limit} bytes of memory, with ${rows} rows read: give the container more, or take fewer fields with select, or where there is asOf a shorter history`
  throw new EnricherError('MEMORY_TOO_SMALL', message, { fields: { limit, held, rows } })
}

/** Resolves when each has all that its topic had at the start. @param all by dimension of the file */
export async function readDimensions(
  all: readonly Dimension[],
  { pipeline, rejects, counts, log }: DimensionsOptions,
): Promise<void> {
  const begun = performance.now()
  const dimensions = [...new Set(all)]
  await Promise.all(dimensions.map((dimension) => dimension.start()))
  // One may have to be read again while another is still being read.
  while (dimensions.some(({ isReady }) => !isReady)) {
    await Promise.all(dimensions.map(({ ready }) => ready))
  }
  await rejects.beginEpochs()
  for (const { name, restored } of dimensions) {
    const store = `dimension/${name}`
    counts.restored.add(store, restored.records)
    counts.restoredBytes.add(store, restored.bytes)
    counts.restores.add(store, restored.ms)
  }
  const rows = Object.fromEntries(
    pipeline.dimensions.map(({ name }, d) => [name, all[d].table.size]),
  )
  log.event('dimensions_read', { rows, ms: Math.round(performance.now() - begun) })
}
