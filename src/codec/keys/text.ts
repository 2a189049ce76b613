/** A key may be long; its beginning tells enough. */
const MOST_BYTES = 64
/** What a terminal would not show as it is: control characters, and what is no UTF-8. */
const UNPRINTABLE = /[\p{Cc}\ufffd]/u

/** What a key's bytes look like, for people: the text that they are, or their digits as `0x0000000005…`. */
export function keyLook(key: Buffer): string {
  const cut = key.length > MOST_BYTES ? '…' : ''
  const bytes = Buffer.from(key.buffer, key.byteOffset, Math.min(key.length, MOST_BYTES))
  const text = bytes.toString('utf8')
  // A character that the cut goes through is no fault of the key.
  const isText = !UNPRINTABLE.test(cut === '' ? text : text.replace(/\ufffd+$/, ''))
  return isText ? `"${text.replace(/\ufffd+$/, '')}${cut}"` : `0x${bytes.toString('hex')}${cut}`
}
