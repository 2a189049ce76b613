import type { Entries } from './entries.ts'
import type { Segments } from './segments.ts'

/** Of a match: side, own page, position, segment and entry, the other's segment and entry, stream time. */
export const COLD_FIELDS = 8
/** A key with very many records must not fill the memory. */
const MOST = 65_536 * COLD_FIELDS

/**
 * Matches whose page has to be read from LevelDB first. The fields are doubles, as there are times among
 * them: `| 0` makes integers of the others again. Else what is computed with them would be doubles for
 * good, and what V8 has optimized be thrown away.
 */
export class ColdMatches {
  #fields = new Float64Array(0)
  #used = 0

  get isEmpty(): boolean {
    return this.#used === 0
  }

  get isFull(): boolean {
    return this.#used >= MOST
  }

  add(
    side: number,
    page: number,
    position: number,
    ownSegment: number,
    ownEntry: number,
    segment: number,
    entry: number,
    streamTime: number,
  ): void {
    if (this.#used === this.#fields.length) this.#grow()
    const fields = this.#fields
    const at = this.#used
    fields[at] = side
    fields[at + 1] = page
    fields[at + 2] = position
    fields[at + 3] = ownSegment
    fields[at + 4] = ownEntry
    fields[at + 5] = segment
    fields[at + 6] = entry
    fields[at + 7] = streamTime
    this.#used += COLD_FIELDS
  }

  /** All of them, in their order, `COLD_FIELDS` each. */
  drain(): Float64Array {
    const taken = this.#fields.slice(0, this.#used)
    this.#used = 0
    return taken
  }

  #grow(): void {
    const grown = new Float64Array(Math.max(256 * COLD_FIELDS, 2 * this.#fields.length))
    grown.set(this.#fields)
    this.#fields = grown
  }
}

/** The other side's entries, for the match that waits at `i`. */
export const otherOf = (cold: Float64Array, i: number, segments: Segments): Entries =>
  segments.get(cold[i + 5])!.sides[(1 - cold[i]) | 0]

/** The numbers of the pages that the waiting matches need. */
export function pagesWanted(cold: Float64Array, segments: Segments): number[] {
  const wanted = new Set<number>()
  for (let i = 0; i < cold.length; i += COLD_FIELDS) {
    wanted.add(otherOf(cold, i, segments).page(cold[i + 6] | 0))
  }
  return [...wanted]
}
