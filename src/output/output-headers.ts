import type { MatchHeaders } from '../config/pipeline.ts'
import { type HeaderSection, MergedHeaders } from './match-headers.ts'
import { MatchProvenance, type OurNames } from './provenance.ts'

/** Which headers completed records have. */
export class OutputHeaders {
  /** Of a fact that is joined with nothing, written before it begins; null: those that it came with. */
  readonly ofFact: HeaderSection | null
  readonly #ofMatch: MatchHeaders
  readonly #merged = new MergedHeaders()
  readonly #provenance: MatchProvenance | null

  /** @param names of those that say what a record was made of, which a match has of both sides; null: there are none */
  constructor(ofMatch: MatchHeaders, ofFact: HeaderSection | null, names: OurNames | null) {
    this.#ofMatch = ofMatch
    this.ofFact = ofFact
    this.#provenance = names && new MatchProvenance(names)
  }

  /** How many bytes those have; null: they are those that it came with. */
  get ofFactBytes(): number | null {
    const { ofFact } = this
    return ofFact && ofFact.headersEnd - ofFact.headersStart
  }

  /** Those of a match. @returns valid until the next call */
  ofMatch(left: HeaderSection, right: HeaderSection): HeaderSection {
    if (this.#ofMatch === 'merge') return this.#merged.of(left, right)
    const isLeft = this.#ofMatch === 'left'
    const one = isLeft ? left : right
    return this.#provenance === null ? one : this.#provenance.of(one, isLeft ? right : left)
  }
}
