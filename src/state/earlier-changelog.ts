import type { ChangelogHeader } from './changelog.ts'

const LAST = 4
const WITHOUT_PAGE = 3
const WITHOUT_IDS = 2
const LAYOUT_BYTES = 16
const DOUBLE = 8
const ID_BYTES = 4

/**
 * Reads the header of a changelog record of an earlier release, whose tasks had two sources and one window:
 *
 *     record := version u8, layout 16 bytes, left offset f64, right offset f64, stream time f64,
 *               closed before f64, next page f64, schema ids (count u8, i32*), page*
 *
 * Version 3 has no next page, version 2 no schema ids either. An inner join's header has a `closed before`, too, which
 * nothing reads.
 * @returns the header, and where the pages begin. Throws RangeError for any other version, and where the bytes end before.
 */
export function readEarlier(bytes: Buffer): [ChangelogHeader, number] {
  const version = bytes.readUInt8(0)
  if (version > LAST || version < WITHOUT_IDS) throw new RangeError(`version ${version}`)
  const at = 1 + LAYOUT_BYTES
  const [left, right, streamTime, closed] = [0, 1, 2, 3].map((i) =>
    bytes.readDoubleLE(at + i * DOUBLE),
  )
  const behind = at + 4 * DOUBLE
  const hasPage = version > WITHOUT_PAGE
  const idsAt = behind + (hasPage ? DOUBLE : 0)
  const count = version > WITHOUT_IDS ? bytes.readUInt8(idsAt) : 0
  const schemaIds = Array.from({ length: count }, (_, i) =>
    bytes.readInt32LE(idsAt + 1 + i * ID_BYTES),
  )
  const header = {
    layout: bytes.toString('latin1', 1, at).trimEnd(),
    schemaIds,
    offsets: [left, right],
    streamTime,
    closedBefore: [closed],
    nextPage: hasPage ? bytes.readDoubleLE(behind) : 0,
  }
  return [header, version > WITHOUT_IDS ? idsAt + 1 + count * ID_BYTES : behind]
}
