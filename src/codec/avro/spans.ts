import type { InnerField } from './inner-field.ts'

/** A run of neighbouring fields that is copied in one go, or a field inside of records. */
export interface Span {
  readonly first: number
  readonly last: number
  /** The union's branch in front: 1 in zigzag. */
  readonly branch: boolean
  /** The field inside of `first`; null: all from `first` to `last`. */
  readonly inner: InnerField | null
}

/** Of the fields of an output, in order. @param selected by their places in the record */
export function spansOf(
  selected: readonly { index: number; nullable: boolean; inner: InnerField | null }[],
): Span[] {
  const spans: Span[] = []
  for (const { index, nullable, inner } of selected) {
    const before = spans.at(-1)
    const isPlain = inner === null && !nullable
    if (isPlain && before?.inner === null && before.last + 1 === index) {
      const { first, branch } = before
      // Not spread, which makes an object of another hidden class.
      spans[spans.length - 1] = { first, last: index, branch, inner: null }
    } else spans.push({ first: index, last: index, branch: nullable, inner })
  }
  return spans
}
