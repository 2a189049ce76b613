import { type Bytes, bytesOf } from '../bytes.ts'
import {
  countOf,
  leafBytes,
  placeOf,
  stampAt,
  type Version,
  versionsOf,
  writeLeaf,
} from './version-page.ts'
import { compareStamps, versionTime } from './version-stamp.ts'

/** A leaf with more than this is divided: each version that comes is a copy of its leaf. */
const LEAF_BYTES = 1024

/**
 * A leaf as it is with one version more, or two where it had to be divided. It is drawn beside the tables, as whatever is put
 * into them may move what it is drawn from.
 */
export class LeafDraft {
  left = bytesOf(Buffer.allocUnsafe(2 * LEAF_BYTES))
  right = bytesOf(Buffer.allocUnsafe(2 * LEAF_BYTES))
  /** Where the pages end; of the right one 0: the leaf was not divided. */
  leftEnd = 0
  rightEnd = 0
  /** How many versions more there are than before. */
  added = 0

  /** A leaf of one version. */
  begin(version: Version): void {
    this.#draw([version], 0)
    this.added = 1
  }

  /**
   * Adds a version to the leaf at `from`; one with the same stamp goes.
   * @param edge its first versions go that have ended before this time, in ms; -∞: none may
   * @param next the time of the version behind the leaf; infinite: there is none
   */
  insert(version: Version, page: Bytes, from: number, edge: number, next: number): void {
    const versions = versionsOf(page, from)
    const at = placeOf(page, from, version.buffer, version.stamp)
    const isAgain =
      at < versions.length &&
      compareStamps(page, stampAt(from, at), version.buffer, version.stamp) === 0
    versions.splice(at, isAgain ? 1 : 0, version)
    const ended = endedBefore(edge, versions, next)
    const kept = versions.slice(ended)
    this.added = kept.length - countOf(page, from)
    // What comes in the order of time fills one leaf after the other.
    const isLast = at === versions.length - 1
    this.#draw(kept, isLast ? kept.length - 1 : kept.length >> 1)
  }

  /** @param cut where it is divided, if it is too large */
  #draw(versions: readonly Version[], cut: number): void {
    const bytes = leafBytes(versions)
    this.rightEnd = 0
    if (bytes > this.left.length) this.left = bytesOf(Buffer.allocUnsafe(2 * bytes))
    if (bytes <= LEAF_BYTES || cut < 1) {
      this.leftEnd = writeLeaf(this.left, versions)
      return
    }
    if (bytes > this.right.length) this.right = bytesOf(Buffer.allocUnsafe(2 * bytes))
    this.leftEnd = writeLeaf(this.left, versions.slice(0, cut))
    this.rightEnd = writeLeaf(this.right, versions.slice(cut))
  }
}

/** How many of the first versions ended before a time. */
function endedBefore(edge: number, versions: readonly Version[], next: number): number {
  let ended = 0
  for (; ended < versions.length; ended++) {
    const following = versions[ended + 1]
    const end = following === undefined ? next : versionTime(following.buffer, following.stamp)
    if (end >= edge) break
  }
  return ended
}
