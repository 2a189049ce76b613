import type { Fetched } from '../broker/port.ts'
import type { SnapshotConfig } from '../config/pipeline.ts'
import type { DimensionStore } from './dimension-store.ts'
import type { DimensionPorts } from './ports.ts'
import type { Snapshots } from './snapshots.ts'
import { judge, type Outcome, sweep } from './swap.ts'
import type { DimensionTable } from './table.ts'

type SwapPorts = Pick<DimensionPorts, 'config' | 'hold' | 'log' | 'onSnapshot' | 'onRefused'>

interface Parts {
  readonly table: DimensionTable
  readonly store: DimensionStore
  readonly snapshots: Snapshots
}

/** Watches a dimension that is loaded as a whole, and has the rows go that a complete snapshot lacks. */
export class Swaps {
  readonly snapshots: Snapshots
  readonly #ports: SwapPorts
  readonly #atLeast: number
  readonly #parts: Parts
  #isSwapping = false

  constructor(ports: SwapPorts, { atLeast }: SnapshotConfig, parts: Parts) {
    this.#ports = ports
    this.#atLeast = atLeast
    this.#parts = parts
    this.snapshots = parts.snapshots
  }

  /** Whether a snapshot is complete, as far as is known, and rows may have to go for it. */
  get isPending(): boolean {
    return this.#isSwapping || this.snapshots.due().length > 0
  }

  /**
   * All records of an answer are in the table.
   * @param isLookedUp whether facts are looked up, which see all rows that go, or none of them
   * @returns whether a snapshot was complete
   */
  async took(fetched: Fetched, isLookedUp: boolean): Promise<boolean> {
    const { snapshots } = this
    snapshots.reach.took(fetched)
    const due = snapshots.due()
    if (due.length === 0 || !snapshots.areSure(due)) return false
    this.#isSwapping = true
    const { table, store } = this.#parts
    const outcomes = await judge(table, snapshots, due, this.#atLeast)
    const accepted = outcomes.findLast(({ isAccepted }) => isAccepted)
    let deleted = 0
    const swap = async (): Promise<void> => {
      deleted = await sweep(table, store, snapshots)
    }
    if (accepted !== undefined) await (isLookedUp ? this.#ports.hold(swap) : swap())
    this.#isSwapping = false
    for (const outcome of outcomes) this.#tell(outcome, outcome === accepted ? deleted : 0)
    return true
  }

  #tell({ snapshot, isAccepted, rows, before }: Outcome, deleted: number): void {
    const { config, log, onSnapshot, onRefused } = this.#ports
    const { name: dimension, topic } = config
    if (isAccepted) {
      onSnapshot(deleted)
      log.event('dimension_snapshot_complete', { dimension, topic, snapshot, rows, deleted })
    } else {
      onRefused()
      const percent = Math.floor((100 * rows) / before)
      log.event('dimension_snapshot_refused', { dimension, topic, snapshot, rows, before, percent })
    }
  }
}
