/** Interactive queries: rows of dimensions, and records that wait in the window. */

import { partitionOf } from '../../broker/partition-of.ts'
import { bytesOf } from '../../bytes.ts'
import { keyBytes } from '../../codec/keys/keys.ts'
import type { RecordView } from '../../codec/port.ts'
import type { KeyFormat } from '../../config/pipeline.ts'
import { sourcesOf } from '../../config/topic-names.ts'
import type { HeldTask } from '../../instance/held-task.ts'
import { type Plan, type Stage, statefulStages } from '../../plan/plan.ts'
import { ApiError } from '../http/api-error.ts'
import type { DimensionRow, Elsewhere, StoreQueries, WindowRecords } from '../http/stores-api.ts'
import type { GroupMembers } from './group-members.ts'
import { type ServiceParts, SIDES } from './parts.ts'
import { queryRow } from './row-query.ts'

const RETRY_SECONDS = 2
/** Records of one key that a query shows. */
const MOST_RECORDS = 500

export class ServiceQueries implements StoreQueries {
  readonly #parts: ServiceParts
  readonly #members: GroupMembers

  constructor(parts: ServiceParts, members: GroupMembers) {
    this.#parts = parts
    this.#members = members
  }

  row(name: string, key: string, at?: number): DimensionRow {
    const { pipeline, dimensions, codec } = this.#parts
    const d = pipeline.dimensions.findIndex((dimension) => dimension.name === name)
    if (d < 0) {
      const known = pipeline.dimensions.map((dimension) => dimension.name).join(', ')
      throw new ApiError(404, `There is no dimension ${name}; there are ${known || 'none'}`)
    }
    const dimension = dimensions[d]
    if (dimension === undefined || !dimension.isReady || codec === undefined) {
      const left =
        dimension === undefined ? '' : `; ${dimension.progress.remaining} offsets are left`
      throw new ApiError(503, `The dimension ${name} is being read${left}`, RETRY_SECONDS)
    }
    const { asOf } = pipeline.dimensions[d]
    if (at !== undefined && asOf === null) {
      const message = `The dimension ${name} has rows as they are now, and none as of a time: leave out at`
      throw new ApiError(400, message)
    }
    const view = codec.views.dimensions[d]
    const found = queryRow(dimension, { key, at, part: codec.rowParts[d], view })
    if (found === null) throw new ApiError(404, `The dimension ${name} has no row ${key}`)
    const { positions, stalenessMs } = dimension.progress
    return { dimension: name, key, ...found, offsets: positions, stalenessMs }
  }

  get sides(): readonly string[] {
    const { joins } = this.#parts.pipeline
    return joins.length < 2 ? SIDES : ['facts', ...joins.map(({ name }) => name)]
  }

  async window(side: string, key: string, asked?: number): Promise<WindowRecords | Elsewhere> {
    if (this.#parts.pipeline.joins.length === 0) {
      throw new ApiError(404, 'The pipeline has no join, so there is no window')
    }
    const partition = asked ?? this.#partitionOf(side, key)
    const { worker, codec, partitions } = this.#parts
    if (worker === undefined || codec === undefined || partitions === undefined) {
      throw new ApiError(503, 'The instance is starting', RETRY_SECONDS)
    }
    if (partition >= partitions) {
      throw new ApiError(404, `There is no partition ${partition}; there are ${partitions}`)
    }
    // The facts are those of the first stage that joins.
    const stage = stageOf(this.#parts.plan, this.sides.indexOf(side))
    const held = worker.tasks.find(({ task }) => {
      return task.partition === partition && task.stage === stage.number
    })
    if (held === undefined) return this.#ownerOf(partition)
    if (held.state !== 'running') {
      const { restoreRemaining } = held
      const message = `Task ${partition} is being restored; ${restoreRemaining} offsets are left`
      throw new ApiError(503, message, RETRY_SECONDS)
    }
    return this.#records(held, side, key, codec.views.sources[this.sides.indexOf(side)])
  }

  #partitionOf(side: string, key: string): number {
    const { pipeline, partitions } = this.#parts
    const { keyFormat } = sourcesOf(pipeline)[this.sides.indexOf(side)].config
    const bytes = onlyKeyBytes(keyFormat, key)
    if (bytes === undefined) {
      const message = `The partition of ${key} cannot be told with keys in the format ${keyFormat}: add ?partition=`
      throw new ApiError(400, message)
    }
    return partitions === undefined ? 0 : partitionOf(bytes, partitions)
  }

  async #ownerOf(partition: number): Promise<Elsewhere> {
    const members = await this.#members.fresh()
    const owner = members.find(({ partitions }) => partitions.includes(partition))
    if (owner === undefined || owner.instance === this.#parts.instanceId) {
      throw new ApiError(503, `Task ${partition} is being moved`, RETRY_SECONDS)
    }
    if (owner.address === null) {
      const message = `Task ${partition} is at ${owner.host}, whose version does not tell its address`
      throw new ApiError(421, message)
    }
    return { partition, owner: owner.address }
  }

  async #records(
    { task }: HeldTask,
    side: string,
    key: string,
    view: RecordView,
  ): Promise<WindowRecords> {
    const { firstJoin } = this.#parts.plan.stages[task.stage]
    const s = Math.max(0, this.sides.indexOf(side) - firstJoin)
    const { sinceLastMs: stalenessMs } = this.#parts.counts.epochs
    const { streamTime } = task.figures()
    const { taken, lag } = task.queues[s]
    const stored = await task
      .queries!.recordsOf(s, bytesOf(Buffer.from(key)), MOST_RECORDS + 1)
      .catch(() => {
        throw new ApiError(503, `Task ${task.partition} is being moved`, RETRY_SECONDS)
      })
    if (stored.length === 0) {
      const where = `on the ${side} side, in partition ${task.partition}`
      const message = `The window has no record of ${key} ${where} (?partition= asks for another)`
      throw new ApiError(404, message)
    }
    const records = stored
      .slice(0, MOST_RECORDS)
      .map(({ time, body }) => ({ time, record: view(body) }))
    const asked = { side, key, partition: task.partition }
    const state = { streamTime, offset: taken, lag, stalenessMs }
    return { ...asked, ...state, records, more: stored.length > MOST_RECORDS }
  }
}

/** That has a source's records: see `sides`. */
const stageOf = (plan: Plan, source: number): Stage =>
  statefulStages(plan).findLast(
    ({ joins, firstJoin }) => joins.length > 0 && firstJoin < Math.max(1, source),
  )!

/** The bytes of a record's key from its text; undefined where several have this text, or none can. */
function onlyKeyBytes(format: KeyFormat, key: string): Buffer | undefined {
  return format === 'json' || format === 'avro' ? undefined : keyBytes(format, key)
}
