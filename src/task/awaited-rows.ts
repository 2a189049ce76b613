import { Arrivals } from '../dimension/arrivals.ts'
import type { Waiters } from '../parked/waiters.ts'
import type { TaskContext } from './task.ts'

interface Heard {
  readonly lookUp: number
  readonly arrivals: Arrivals
  /** So many of the arrivals have been told. */
  count: number
}

/** Tells a task's facts that wait of the rows that come into the tables that they wait for. */
export class AwaitedRows {
  readonly #heard: readonly Heard[]

  constructor({ plan, dimensions }: Pick<TaskContext, 'plan' | 'dimensions'>) {
    this.#heard = plan.lookUps.flatMap(({ waitMs }, lookUp) => {
      if (waitMs === 0) return []
      const table = dimensions[lookUp]
      table.arrivals ??= new Arrivals()
      return [{ lookUp, arrivals: table.arrivals, count: table.arrivals.count }]
    })
  }

  tell(waiters: Waiters): void {
    for (const heard of this.#heard) {
      const { lookUp, arrivals, count } = heard
      if (arrivals.count === count) continue
      heard.count = arrivals.count
      if (waiters.size === 0) continue
      if (!arrivals.since(count, (hash) => waiters.arrived(lookUp, hash))) {
        waiters.arrivedMany(lookUp)
      }
    }
  }
}
