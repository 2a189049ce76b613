/** Kafka's default of max.message.bytes. */
export const USUAL_BATCH_BYTES = 1_048_588

/** What a codec may add to bytes that cannot be compressed: each library's bound, and some for framing. */
const MOST_ADDED: Readonly<Record<string, (bytes: number) => number>> = {
  // zlib's compressBound.
  gzip: (bytes) => (bytes >> 12) + (bytes >> 14) + (bytes >> 25) + 64,
  // 62 bytes for 60, for offsets within a block of xerial's 32 KiB are short (google/snappy,
  // MaxCompressedLength), and each block's length.
  snappy: (bytes) => Math.ceil(bytes / 30) + 16 * (bytes >> 15) + 64,
  // A block of 64 KiB that does not shrink goes as it is (LZ4's frame format).
  lz4: (bytes) => 8 * (bytes >> 16) + 64,
  // ZSTD_COMPRESSBOUND.
  zstd: (bytes) => (bytes >> 8) + 64,
}

/**
 * How large a batch may be for a topic, before the topic's own compression: where `compression.type` names a
 * codec the broker compresses every batch anew, and then looks at the size again (Kafka's `UnifiedLog.append`).
 * @param compressionType of the topic: a codec, `producer` or `uncompressed`
 */
export function roomUnder(limit: number, compressionType: string): number {
  return limit - (MOST_ADDED[compressionType]?.(limit) ?? 0)
}
