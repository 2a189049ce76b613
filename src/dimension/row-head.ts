import type { DimensionConfig } from '../config/pipeline.ts'
import { placeBytes } from './place.ts'
import { MARK_BYTES } from './snapshot-mark.ts'

/** Bytes between a value's stamp and its row: the snapshot's mark, then the place, where there are such. */
export const headBytes = (ports: {
  readonly config: Pick<DimensionConfig, 'snapshot'>
  readonly keepsPlaces: boolean
}): number => (ports.config.snapshot === null ? 0 : MARK_BYTES) + placeBytes(ports)
