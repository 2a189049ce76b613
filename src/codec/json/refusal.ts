/** Why a JSON value is not read, as a sentence. Not for the hot path. */
import { DEEPEST_JSON, type JsonTransfer, MISFIT, MISSING, SYNTAX, TOO_DEEP } from './transfer.ts'
import { OPEN, skip } from './walk.ts'

/** A path into what is nested deep is longer than anybody reads, and so is many a value. */
const SHOWN_PATH = 80
const SHOWN = 40

/** @param start of the value, from which bytes are counted */
export function refusalOf(transfer: JsonTransfer, start: number, end: number): string {
  const { fault, faultAt, buffer, wanted } = transfer
  const field = fieldOf(transfer)
  if (fault === TOO_DEEP) return `${field} is nested deeper than ${DEEPEST_JSON} levels`
  if (fault === SYNTAX) {
    if (end === start) return 'The value is empty'
    const where = transfer.path === '' ? '' : `, in ${shortened(transfer.path)},`
    const what = faultAt >= end ? 'the value ends' : `there is ${seenAt(buffer, faultAt, end)}`
    const hint = hintOf(buffer, start, end)
    return `The value is no JSON: at byte ${faultAt - start}${where} ${what} where ${wanted} is expected${hint}`
  }
  const wrapped = isWrapped(buffer, start, end) ? WRAPPED : ''
  if (fault === MISSING) {
    return `${field} is not there; the schema neither lets it be null nor has a default for it${wrapped}`
  }
  if (fault === MISFIT) {
    const seen = valueAt(transfer, faultAt, end)
    if (transfer.path === '' && buffer[faultAt] === OPEN)
      return `None of the members of ${seen} is a field of the ${wanted}${wrapped}`
    return `${field} is ${seen}; the pipeline reads ${wanted}`
  }
  return `${field} has too many members in another order than the schema’s, or too many that no branch of a union takes at once`
}

const fieldOf = ({ path }: JsonTransfer): string =>
  path === '' ? 'The value' : `The field ${shortened(path)}`

const shortened = (path: string): string =>
  path.length > SHOWN_PATH ? `${path.slice(0, SHOWN_PATH)}…` : path

/** The character at a place; of what is none its byte. */
function seenAt(buffer: Buffer, at: number, end: number): string {
  const [character] = buffer.toString('utf8', at, Math.min(end, at + 4))
  const isShown = /^[^\p{C}\p{Z}\ufffd]$/u.test(character)
  return isShown ? character : `the byte ${buffer.toString('hex', at, at + 1)}`
}

/** The value that begins at a place, as far as it is of use. */
function valueAt(transfer: JsonTransfer, at: number, end: number): string {
  transfer.at = at
  const behind = skip(transfer) ? transfer.at : end
  const text = transfer.buffer.toString('utf8', at, Math.min(behind, at + 4 * SHOWN))
  const shown = [...text]
    .slice(0, SHOWN)
    .join('')
    .replaceAll(/\p{Cc}/gu, ' ')
  return shown.length < text.length ? `${shown}…` : shown
}

const WRAPPED =
  '. It is wrapped in schema and payload, as Kafka Connect’s JsonConverter writes it with schemas.enable=true: have it write false, or say envelope: connect'

/** Whether it is one of Connect's with its schema. */
function isWrapped(buffer: Buffer, start: number, end: number): boolean {
  const first = /^\0?[^{]{0,4}\{\s*"(schema|payload)"\s*:/
  const text = buffer.toString('latin1', start, end)
  return first.test(text) && /"payload"\s*:/.test(text) && /"schema"\s*:/.test(text)
}

/** What bytes that are no JSON probably are. */
function hintOf(buffer: Buffer, start: number, end: number): string {
  if (buffer[start] === 0 && end - start > 5) {
    return '. Behind byte 0 and a schema id there is no JSON: it may be Avro or Protobuf'
  }
  if (buffer[start] === 0xef && buffer[start + 1] === 0xbb)
    return '. It begins with a byte order mark'
  return ''
}
