/**
 * Where in its topic a row was, which is before its bytes where somebody asks for it:
 *
 *     place := partition u32, offset f64
 */
import type { Bytes } from '../bytes.ts'
import type { DimensionPorts } from './ports.ts'

const PLACE_BYTES = 12

/** Bytes of each row’s place; 0: rows have none. */
export const placeBytes = ({ keepsPlaces }: Pick<DimensionPorts, 'keepsPlaces'>): number =>
  keepsPlaces ? PLACE_BYTES : 0

export function writePlace({ view }: Bytes, at: number, partition: number, offset: number): void {
  view.setUint32(at, partition)
  view.setFloat64(at + 4, offset)
}

/** @param rowAt behind the place */
export const partitionBefore = ({ view }: Bytes, rowAt: number): number =>
  view.getUint32(rowAt - PLACE_BYTES)

export const offsetBefore = ({ view }: Bytes, rowAt: number): number =>
  view.getFloat64(rowAt - PLACE_BYTES + 4)
