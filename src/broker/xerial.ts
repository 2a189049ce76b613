/**
 * Snappy as Kafka has it. Java clients write it in the framing of their library, xerial's snappy-java: a
 * header of magic, version and oldest version that reads it, then chunks of a length and a raw block.
 * Others, as librdkafka, write one raw block and no frame.
 */
const MAGIC = Buffer.from('\x82SNAPPY\0', 'latin1')
const HEADER = Buffer.concat([MAGIC, Buffer.from([0, 0, 0, 1, 0, 0, 0, 1])])
/** xerial's own chunk: larger ones would be read too, by readers with as much memory. */
const CHUNK = 32 * 1024

type Transform = (block: Buffer) => Promise<Buffer>

export async function frame(bytes: Buffer, compress: Transform): Promise<Buffer> {
  const blocks: Promise<Buffer>[] = []
  for (let at = 0; at < bytes.length; at += CHUNK) {
    blocks.push(compress(bytes.subarray(at, at + CHUNK)))
  }
  const parts: Buffer[] = [HEADER]
  for (const block of await Promise.all(blocks)) {
    const length = Buffer.allocUnsafe(4)
    length.writeInt32BE(block.length)
    parts.push(length, block)
  }
  return Buffer.concat(parts)
}

/** @param limit the bytes that the whole may become */
export async function unframe(
  bytes: Buffer,
  limit: number,
  uncompress: Transform,
): Promise<Buffer> {
  const blocks = blocksOf(bytes)
  const total = blocks.reduce((sum, block) => sum + uncompressedLength(block), 0)
  if (total > limit) throw new Error(`it would become ${total} bytes, of at most ${limit}`)
  return Buffer.concat(await Promise.all(blocks.map(uncompress)))
}

function blocksOf(bytes: Buffer): Buffer[] {
  if (!bytes.subarray(0, MAGIC.length).equals(MAGIC)) return [bytes]
  const blocks: Buffer[] = []
  for (let at = HEADER.length; at < bytes.length; ) {
    const start = at + 4
    at = start + bytes.readInt32BE(at)
    if (at < start || at > bytes.length) throw new Error('a chunk has a wrong length')
    blocks.push(bytes.subarray(start, at))
  }
  return blocks
}

/** A raw block begins with it, as a varint; the library would allocate whatever it says. */
function uncompressedLength(block: Buffer): number {
  let length = 0
  let unit = 1
  for (const byte of block.subarray(0, 5)) {
    length += (byte & 127) * unit
    if (byte < 128) break
    unit *= 128
  }
  return length
}
