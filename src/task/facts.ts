import type { ValueReader } from '../codec/port.ts'
import { DROPPED, Enricher } from '../dimension/enrich.ts'
import type { Block } from '../input/input-queue.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { LookUp, Source } from '../plan/plan.ts'
import { Side } from './side.ts'
import type { TaskContext } from './task.ts'

/** The facts of a task, and the rows that complete them. */
export class Facts extends Side {
  readonly enricher: Enricher

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
    this.enricher = new Enricher({
      lookUps,
      tables: dimensions,
      rowParts: codec.rowParts,
      missing: codec.missingDimension,
      counts,
    })
  }

  /** Finds the fact's rows. @returns bytes of their columns; -1: the fact is refused */
  lookUp(value: ValueReader, block: Block, i: number, row: number): number {
    const { enricher } = this
    const bytes = enricher.find(value, row)
    if (bytes >= 0) return bytes
    if (bytes !== DROPPED) this.reject(block, i, 'enrich', 'missing_dimension', enricher.fault)
    return -1
  }
}
