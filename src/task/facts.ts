import type { ValueReader } from '../codec/port.ts'
import { DROPPED, Enricher, WAITS } from '../dimension/enrich.ts'
import type { Block } from '../input/input-queue.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { LookUp, Source } from '../plan/plan.ts'
import { REFUSED, Side, WAITING } from './side.ts'
import type { TaskContext } from './task.ts'

/** The facts of a task, and the rows that complete them. */
export class Facts extends Side {
  readonly enricher: Enricher
  readonly #onDropped: TaskContext['onDropped']

  /** @param lookUps of the stage */
  constructor(
    source: Source,
    partition: number,
    context: TaskContext,
    rejects: TaskRejects,
    lookUps: readonly LookUp[],
  ) {
    super(0, source, partition, context, rejects)
    const { codec, dimensions, counts } = context
    this.#onDropped = context.onDropped
    this.enricher = new Enricher({
      lookUps,
      tables: dimensions,
      rowParts: codec.rowParts,
      missing: codec.missingDimension,
      counts,
    })
  }

  /** Finds the fact's rows. @returns bytes of their columns; negative: see `withoutRows` */
  lookUp(value: ValueReader, row: number): number {
    return this.enricher.find(value, row)
  }

  /** The fate of a fact of which `lookUp` has said `outcome`. */
  withoutRows(outcome: number, block: Block, i: number): number {
    if (outcome === WAITS) return WAITING
    if (outcome === DROPPED) {
      this.#onDropped?.(block.columns, i)
      return REFUSED
    }
    return this.reject(block, i, 'enrich', 'missing_dimension', this.enricher.fault)
  }
}
