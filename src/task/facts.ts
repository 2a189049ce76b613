import type { ValueReader } from '../codec/port.ts'
import { DROPPED, Enricher } from '../dimension/enrich.ts'
import type { Block } from '../input/input-queue.ts'
import type { TaskRejects } from '../output/task-rejects.ts'
import type { Source } from '../plan/plan.ts'
import { Side } from './side.ts'
import type { TaskContext } from './task.ts'

/** The facts of a task, and the rows that complete them. */
export class Facts extends Side {
  readonly enricher: Enricher
  readonly #plan: TaskContext['plan']

  constructor(source: Source, partition: number, context: TaskContext, rejects: TaskRejects) {
    super(0, source, partition, context, rejects)
    const { plan, codec, dimensions, counts } = context
    this.#plan = plan
    this.enricher = new Enricher(plan.lookUps, dimensions, codec.missingDimension, counts)
  }

  /** Finds the fact's rows. @returns bytes of their columns; -1: the fact is refused */
  lookUp(value: ValueReader, block: Block, i: number, row: number): number {
    const bytes = this.enricher.find(value, row)
    if (bytes >= 0) return bytes
    if (bytes !== DROPPED) this.#rejectMissing(value, block, i)
    return -1
  }

  #rejectMissing(value: ValueReader, block: Block, i: number): void {
    const { name, on, key } = this.#plan.lookUps[this.enricher.rejectedBy]
    const end = value.keyEnd(key)
    const text = (): string => value.keyBuffer(key).toString('utf8', value.keyStart(key), end)
    const error =
      end < 0
        ? `The field ${on} is null, so the dimension ${name} has no row for it`
        : `The dimension ${name} has no row for ${text()}`
    this.reject(block, i, 'enrich', 'missing_dimension', error)
  }
}
