import { type Bytes, bytesOf } from '../bytes.ts'
import { LeafDraft } from './leaf-draft.ts'
import { type Key, LeafTable } from './leaf-table.ts'
import { DimensionTable } from './table.ts'
import {
  countOf,
  isRoot,
  type LeafPlace,
  numberOf,
  placeOf,
  placesOf,
  rootBytes,
  stampAt,
  type Version,
  versionsOf,
  writeRoot,
} from './version-page.ts'
import { compareStamps, isDeletedVersion, versionTime } from './version-stamp.ts'

const NEVER = Number.POSITIVE_INFINITY

/** The versions of all keys, on pages: a key's head is its only leaf, or a root above several. */
export class VersionPages {
  readonly heads: DimensionTable
  readonly leaves: LeafTable
  /** What has ended before this time, in ms, is forgotten. */
  edge = -NEVER
  /** How many versions there are. */
  count = 0
  readonly #draft = new LeafDraft()
  /** A root that is being written. */
  #root = bytesOf(Buffer.allocUnsafe(1024))

  /** @param claim see `DimensionTable` */
  constructor(claim: (bytes: number) => void) {
    this.heads = new DimensionTable(undefined, claim)
    this.leaves = new LeafTable(claim)
  }

  /** Whether there is such a key; its head is then where `heads` has found it. */
  open({ buffer, start, end }: Key): boolean {
    return this.heads.find(this.heads.hash(buffer, start, end), buffer, start, end)
  }

  /** Adds a version; the one that has the same stamp goes. */
  put(key: Key, version: Version): void {
    if (!this.open(key)) {
      this.#draft.begin(version)
      this.#putHead(key)
    } else if (isRoot(this.heads.rowBuffer, this.heads.rowStart)) this.#putBelowRoot(key, version)
    else {
      const { rowBuffer: page, rowStart: from } = this.heads
      this.#draft.insert(version, page, from, this.edge, NEVER)
      this.#putHead(key)
    }
  }

  /** The key goes, with all its versions. */
  delete(key: Key): void {
    if (!this.open(key)) return
    const { rowBuffer: page, rowStart: from } = this.heads
    if (isRoot(page, from)) for (const { leaf } of placesOf(page, from)) this.#deleteLeaf(key, leaf)
    else this.count -= countOf(page, from)
    this.heads.delete(key.buffer, key.start, key.end)
  }

  clear(): void {
    this.heads.clear()
    this.leaves.clear()
    this.count = 0
    this.edge = -NEVER
  }

  /** The versions of a key in their order. @param head the key's, at `from` */
  each(key: Key, head: Bytes, from: number, each: (version: Version) => void): void {
    if (!isRoot(head, from)) {
      versionsOf(head, from).forEach(each)
      return
    }
    for (const { leaf } of placesOf(head, from)) {
      this.leaves.open(key.buffer, key.start, key.end, leaf)
      versionsOf(this.leaves.page, this.leaves.start).forEach(each)
    }
  }

  /** Whether a head has something to forget. */
  isDue(page: Bytes, from: number): boolean {
    const count = countOf(page, from)
    if (count > 1) return versionTime(page, stampAt(from, 1)) < this.edge
    return isRoot(page, from) || this.#isGone(page, from)
  }

  /** Forgets what has ended before the edge, and a key that was deleted before it. */
  forget(key: Key): void {
    if (!this.open(key)) return
    if (isRoot(this.heads.rowBuffer, this.heads.rowStart)) this.#dropLeaves(key)
    let { rowBuffer: page, rowStart: from } = this.heads
    // A root above a single leaf is not needed.
    const leaf = isRoot(page, from) ? numberOf(page, from, 0) : -1
    if (leaf >= 0) {
      if (countOf(page, from) > 1) return
      this.leaves.open(key.buffer, key.start, key.end, leaf)
      page = this.leaves.page
      from = this.leaves.start
    }
    if (countOf(page, from) === 1 && this.#isGone(page, from)) {
      this.delete(key)
      return
    }
    // Its last version once more: what has ended goes then.
    const last = versionsOf(page, from).at(-1)!
    this.#draft.insert(last, page, from, this.edge, NEVER)
    if (leaf >= 0) this.leaves.delete(key, leaf)
    this.#putHead(key)
  }

  /** Whether a leaf's first version is a deletion that is older than what is kept. */
  #isGone(page: Bytes, from: number): boolean {
    const stamp = stampAt(from, 0)
    return isDeletedVersion(page, stamp) && versionTime(page, stamp) < this.edge
  }

  /** What was drawn is all that the key has. */
  #putHead(key: Key): void {
    const { left, leftEnd, right, rightEnd, added } = this.#draft
    this.count += added
    if (rightEnd === 0) {
      this.heads.put(key.buffer, key.start, key.end, left, 0, leftEnd)
      return
    }
    this.leaves.put(key, 0, left, leftEnd)
    this.leaves.put(key, 1, right, rightEnd)
    const stamp = stampAt(0, 0)
    this.#putRoot(key, [
      { buffer: left, stamp, leaf: 0 },
      { buffer: right, stamp, leaf: 1 },
    ])
  }

  /** Adds to one of the key's leaves. */
  #putBelowRoot(key: Key, version: Version): void {
    this.#dropLeaves(key)
    const { rowBuffer: root, rowStart: from } = this.heads
    const place = placeFor(root, from, version)
    const leaf = numberOf(root, from, place)
    const isLast = place + 1 === countOf(root, from)
    const next = isLast ? NEVER : versionTime(root, stampAt(from, place + 1))
    this.leaves.open(key.buffer, key.start, key.end, leaf)
    const draft = this.#draft
    // Only the first leaf may lose its first versions: the root has the stamps of the others'.
    draft.insert(
      version,
      this.leaves.page,
      this.leaves.start,
      place === 0 ? this.edge : -NEVER,
      next,
    )
    this.count += draft.added
    this.leaves.put(key, leaf, draft.left, draft.leftEnd)
    if (draft.rightEnd === 0) return
    const places = placesOf(root, from)
    const added = places.reduce((most, one) => Math.max(most, one.leaf), 0) + 1
    this.leaves.put(key, added, draft.right, draft.rightEnd)
    const stamp = stampAt(0, 0)
    // The first leaf may have got a first version that is earlier than its stamp.
    const divided = [
      { buffer: draft.left, stamp, leaf },
      { buffer: draft.right, stamp, leaf: added },
    ]
    places.splice(place, 1, ...divided)
    this.#putRoot(key, places)
  }

  /** The first leaves go where all that is on them has ended before the edge; the key's head is open then. */
  #dropLeaves(key: Key): void {
    const { rowBuffer: root, rowStart: from } = this.heads
    const last = countOf(root, from) - 1
    let ended = 0
    while (ended < last && versionTime(root, stampAt(from, ended + 1)) < this.edge) ended++
    if (ended === 0) return
    const places = placesOf(root, from)
    for (const { leaf } of places.slice(0, ended)) this.#deleteLeaf(key, leaf)
    this.#putRoot(key, places.slice(ended))
    this.open(key)
  }

  #putRoot({ buffer, start, end }: Key, places: readonly LeafPlace[]): void {
    const bytes = rootBytes(places.length)
    if (bytes > this.#root.length) this.#root = bytesOf(Buffer.allocUnsafe(2 * bytes))
    this.heads.put(buffer, start, end, this.#root, 0, writeRoot(this.#root, places))
  }

  #deleteLeaf(key: Key, leaf: number): void {
    this.leaves.open(key.buffer, key.start, key.end, leaf)
    this.count -= countOf(this.leaves.page, this.leaves.start)
    this.leaves.delete(key, leaf)
  }
}

/** The leaf of a root that a version belongs to. */
function placeFor(root: Bytes, from: number, { buffer, stamp }: Version): number {
  const place = placeOf(root, from, buffer, stamp)
  const isFirstOfIts =
    place < countOf(root, from) && compareStamps(root, stampAt(from, place), buffer, stamp) === 0
  return isFirstOfIts ? place : Math.max(0, place - 1)
}
