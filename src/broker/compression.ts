import { promisify } from 'node:util'
import { gunzip, gzip } from 'node:zlib'
import type { Compression } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'

/** The codecs of a record batch's attributes, by their number in Kafka's format. */
const NAMES: readonly Compression[] = ['none', 'gzip', 'snappy', 'lz4', 'zstd']

export const compressionCode = (name: Compression): number => NAMES.indexOf(name)

export async function decompress(code: number, bytes: Buffer): Promise<Buffer> {
  if (code === 1) return promisify(gunzip)(bytes)
  const name = NAMES[code] ?? `number ${code}`
  throw new EnricherError(
    'CORRUPT_BATCH',
    `A record batch is compressed with ${name}, which is not supported yet; produce with gzip or none`,
  )
}

export async function compress(name: Compression, bytes: Buffer): Promise<Buffer> {
  if (name === 'none') return bytes
  if (name === 'gzip') return promisify(gzip)(bytes)
  throw new EnricherError('CONFIG_INVALID', `output.compression: ${name} is not supported yet`)
}
