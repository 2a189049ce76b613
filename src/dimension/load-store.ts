import { codeOf } from '../errors.ts'
import { asCorrupt } from '../state/level.ts'
import {
  ANEW_REASONS,
  type AnewReason,
  type DimensionCheckpoint,
  unusableBecause,
} from './checkpoint.ts'
import type { DimensionStore } from './dimension-store.ts'
import type { Extent } from './extent.ts'
import { hasOtherRecords } from './marks.ts'
import { placeBytes } from './place.ts'
import type { DimensionPorts } from './ports.ts'
import type { RowTable } from './row-table.ts'
import { firstStampBytes } from './stamp.ts'

/**
 * Fills the table with what is stored. undefined: nothing usable is, and the topic is to be read from its head; table
 * and store are empty then.
 */
export async function loadStore(
  ports: DimensionPorts,
  store: DimensionStore,
  table: RowTable,
  extent: Extent,
): Promise<DimensionCheckpoint | undefined> {
  const { config, log, onUnusable } = ports
  const checkpoint = await unlessDamaged(() => store.checkpoint())
  if (checkpoint !== undefined) {
    const reason = await load(ports, store, table, checkpoint, extent)
    if (reason === undefined) return checkpoint
    const why = ANEW_REASONS[reason]
    log.event('dimension_store_unusable', { dimension: config.name, reason, why })
    onUnusable(reason)
  }
  const stamps = firstStampBytes(extent.heads.length, config.key.length > 0)
  table.clear(stamps, placeBytes(ports))
  await store.clear()
  return undefined
}

/** undefined: it is in the table. */
async function load(
  ports: DimensionPorts,
  store: DimensionStore,
  table: RowTable,
  checkpoint: DimensionCheckpoint,
  extent: Extent,
): Promise<AnewReason | undefined> {
  const { config, layout, createReader } = ports
  const reason = unusableBecause(checkpoint, layout, extent)
  if (reason !== undefined) return reason
  const { marks = [], stampBytes: stamps = 0 } = checkpoint
  if (extent.id === null && (await hasOtherRecords(config.topic, marks, extent, createReader))) {
    return 'recreated'
  }
  table.clear(stamps, placeBytes(ports))
  return (await unlessDamaged(() => store.load(table))) ? undefined : 'damaged'
}

async function unlessDamaged<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read()
  } catch (error) {
    if (codeOf(asCorrupt(error)) !== 'STATE_CORRUPT') throw error
    return undefined
  }
}
