/**
 * Where a character of a YAML scalar's value stands in the file. The value is followed through the text that it was
 * made of: quotes, escapes, folded lines and a block's indentation are passed over.
 * @param start of the scalar in `text`. @returns where the scalar begins where the value is not what the text says,
 *   as with a variable in it
 */
export function offsetIn(text: string, start: number, value: string, at: number): number {
  let place = beginning(text, start)
  for (let i = 0; i < at && i < value.length; i++) {
    const found = next(text, place, value[i])
    if (found < 0) return start
    place = found + 1
  }
  // The character meant may begin a line.
  const found = at < value.length ? next(text, place, value[at]) : place
  return found < 0 ? start : found
}

/** Behind the opening quote, or the header of a block. */
function beginning(text: string, start: number): number {
  const first = text[start]
  if (first === '"' || first === "'") return start + 1
  return first === '|' || first === '>' ? text.indexOf('\n', start) + 1 : start
}

/** The next place of a character, with nothing before it that is not in the value; -1: the text is another. */
function next(text: string, from: number, character: string): number {
  // A line that goes on in the next one is a blank in the value, and several in the text.
  if (isBlank(character)) return from < text.length && isBlank(text[from]) ? from : -1
  let place = behindBlanks(text, from)
  const isEscape = text[place] === '\\' || text.startsWith("''", place)
  if (isEscape && text[place + 1] === character) place++
  return text[place] === character ? place : -1
}

const isBlank = (character: string): boolean => /\s/.test(character)

function behindBlanks(text: string, from: number): number {
  let place = from
  while (place < text.length && isBlank(text[place])) place++
  return place
}
