/**
 * From where on a task's changelog is still needed: the first offset that holds a page of a live
 * segment. What lies before is deleted as segments expire, for the topic has no limit of its own.
 */
export class ChangelogHead {
  /** Live segment → offset of the first changelog record with a page of it. */
  readonly #first = new Map<number, number>()

  get entries(): [number, number][] {
    return [...this.#first]
  }

  load(entries: readonly (readonly [number, number])[]): void {
    for (const [segment, offset] of entries) this.#first.set(segment, offset)
  }

  add(segment: number, offset: number): void {
    if (!this.#first.has(segment)) this.#first.set(segment, offset)
  }

  expire(segments: readonly number[]): void {
    for (const segment of segments) this.#first.delete(segment)
  }

  /**
   * @param latest offset of the last epoch's first record, which has to stay: it has the inputs'
   * offsets and stream time
   */
  offset(latest: number): number {
    let offset = latest
    for (const first of this.#first.values()) if (first < offset) offset = first
    return offset
  }
}
