import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Compression } from '../config/pipeline.ts'
import { EnricherError, messageOf } from '../errors.ts'
import { frame, unframe } from './xerial.ts'

interface Codec {
  compress(bytes: Buffer): Promise<Buffer>
  decompress(bytes: Buffer): Promise<Buffer>
}

/** The codecs of a record batch's attributes, by their number in Kafka's format. */
const NAMES: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

/**
 * What one batch may become. Kafka limits the compressed bytes only, and few of those can stand for
 * gigabytes; a batch of a real producer is far below.
 */
const MAX_BYTES = 256 * 1024 * 1024

/** Each codec; its library is loaded when the codec is first used. All work off the main thread. */
const codecs: Readonly<Record<Exclude<Compression, 'none'>, () => Promise<Codec>>> = {
  gzip: async () => ({
    compress: (bytes) => promisify(gzip)(bytes),
    decompress: (bytes) => promisify(gunzip)(bytes, { maxOutputLength: MAX_BYTES }),
  }),
  snappy: async () => {
    const { compress, uncompress } = await import('snappy')
    return {
      compress: (bytes) => frame(bytes, (chunk) => compress(chunk)),
      decompress: (bytes) =>
        unframe(bytes, MAX_BYTES, (chunk) => uncompress(chunk) as Promise<Buffer>),
    }
  },
  // Needs no limit: a byte of LZ4 stands for 255 at most.
  lz4: async () => {
    const { compressFrame, decompressFrame } = await import('lz4-napi')
    return { compress: (bytes) => compressFrame(bytes), decompress: decompressFrame }
  },
  // Not Node's own, which 20 does not have, and whose 22 takes a frame that was cut off for a whole one.
  // 1.2 is the library's last line whose binaries come in packages: later ones download them. No limit.
  zstd: () => import('@mongodb-js/zstd'),
}

export const compressionCode = (name: Compression): number => NAMES.indexOf(name)

/** The records of a compressed batch. Throws CORRUPT_BATCH where they cannot be had. */
export async function decompress(code: number, bytes: Buffer, baseOffset: number): Promise<Buffer> {
  const corrupt = (what: string, cause?: unknown): EnricherError =>
    new EnricherError('CORRUPT_BATCH', `The record batch at offset ${baseOffset} ${what}`, {
      cause,
      fields: { baseOffset },
    })
  const name = NAMES[code]
  if (name === undefined) throw corrupt(`has an unknown compression, number ${code}`)
  if (name === 'none') return bytes
  // Outside of the try: a library that is not installed does not make the batch a corrupt one.
  const codec = await codecs[name]()
  try {
    return await codec.decompress(bytes)
  } catch (cause) {
    throw corrupt(`cannot be decompressed with ${name}: ${messageOf(cause)}`, cause)
  }
}

export async function compress(name: Compression, bytes: Buffer): Promise<Buffer> {
  if (name === 'none') return bytes
  return (await codecs[name]()).compress(bytes)
}
