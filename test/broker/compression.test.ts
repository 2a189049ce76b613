import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { compress, compressionCode, decompress } from '../../src/broker/compression.ts'

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'] as const
const CHUNK = 32 * 1024

const noise = fc.uint8Array({ maxLength: 2000 }).map((array) => Buffer.from(array))
/** Up to five chunks of xerial's framing, and often right at the edge of one. */
const long = fc
  .tuple(noise, fc.nat({ max: 5 }), fc.integer({ min: -2, max: 2 }))
  .map(([bytes, chunks, more]) =>
    Buffer.alloc(Math.max(0, chunks * CHUNK + more), bytes.length === 0 ? 'a' : bytes),
  )

for (const codec of CODECS) {
  test(`what ${codec} compresses it decompresses to the same bytes`, async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(noise, long), async (bytes) => {
        const there = await compress(codec, bytes)
        const back = await decompress(compressionCode(codec), there, 0)
        assert.ok(back.equals(bytes))
      }),
    )
  })

  test(`bytes that ${codec} cannot decompress are a corrupt batch, named by offset and codec`, async () => {
    const whole = await compress(codec, Buffer.from('The quick brown fox. '.repeat(5000)))
    const cut = whole.subarray(0, whole.length - 20)
    const text = Buffer.from('\xff\xff\xff\xff\xffno codec wrote this', 'latin1')
    for (const bytes of [cut, text]) {
      await assert.rejects(decompress(compressionCode(codec), bytes, 42), {
        code: 'CORRUPT_BATCH',
        message: new RegExp(
          `^The record batch at offset 42 cannot be decompressed with ${codec}: .`,
        ),
        fields: { baseOffset: 42 },
      })
    }
  })
}

test('a codec that Kafka does not have is a corrupt batch', async () => {
  await assert.rejects(decompress(5, Buffer.alloc(9), 42), {
    code: 'CORRUPT_BATCH',
    message: 'The record batch at offset 42 has an unknown compression, number 5',
  })
})

test('snappy is written in xerial’s framing, 32 KiB a chunk', async () => {
  const framed = await compress('snappy', Buffer.alloc(2 * CHUNK + 1, 'abc'))
  assert.equal(framed.toString('latin1', 0, 16), '\x82SNAPPY\0\0\0\0\x01\0\0\0\x01')
  const lengths: number[] = []
  for (let at = 16; at < framed.length; at += 4 + framed.readInt32BE(at)) {
    const block = framed.subarray(at + 4, at + 4 + framed.readInt32BE(at))
    lengths.push((await decompress(compressionCode('snappy'), block, 0)).length)
  }
  assert.deepEqual(lengths, [CHUNK, CHUNK, 1])
})

test('raw snappy, which librdkafka writes, is read', async () => {
  // 9 bytes: the literal abc, then 6 bytes from 3 back.
  const raw = Buffer.from('0908616263' + '0903', 'hex')
  assert.equal(String(await decompress(compressionCode('snappy'), raw, 0)), 'abcabcabc')
})

test('a snappy block that says it is larger than a batch may be is refused unread', async () => {
  const raw = Buffer.from('ffffffff0f' + '00', 'hex')
  const chunk = Buffer.concat([Buffer.from([0, 0, 0, raw.length]), raw])
  const framed = Buffer.concat([await compress('snappy', Buffer.alloc(0)), chunk])
  for (const bytes of [raw, framed]) {
    await assert.rejects(decompress(compressionCode('snappy'), bytes, 0), {
      code: 'CORRUPT_BATCH',
      message: /would become 4294967295 bytes, of at most 268435456$/,
    })
  }
})

test('a small gzip batch that stands for more than a batch may be is refused', async () => {
  const bomb = await compress('gzip', Buffer.alloc(256 * 1024 * 1024 + 1))
  assert.ok(bomb.length < 300_000)
  await assert.rejects(decompress(compressionCode('gzip'), bomb, 0), { code: 'CORRUPT_BATCH' })
})

test('zstd may be of several frames', async () => {
  const frames = await Promise.all(['a', 'b'].map((text) => compress('zstd', Buffer.from(text))))
  const back = await decompress(compressionCode('zstd'), Buffer.concat(frames), 0)
  assert.equal(String(back), 'ab')
})

const FOX = 'The quick brown fox jumps over the lazy dog. '
const TEXT = `${FOX}${FOX}The lazy dog lets the quick brown fox jump over. ${FOX}`
/** `TEXT` as the reference libraries wrote it, three blocks each of LZ4. */
const WRITTEN_BY_OTHERS: readonly [string, 'lz4' | 'zstd', string][] = [
  [
    'lz4 with linked blocks, checksums and the content’s size',
    'lz4',
    'BCJNGFxAuAAAAAAAAAA2OAAAAP8eVGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZy4gLQAVUGRvZy4gX6sN8xgAAAAXVDsAUSBsZXRzTQAPbAABcCBvdmVyLiDixEJkGQAAAB9UHwAEYXMgb3Zlcj4AoGxhenkgZG9nLiBvL17PAAAAAM0dli8=',
  ],
  [
    'lz4 with linked blocks and nothing else',
    'lz4',
    'BCJNGEBAwDgAAAD/HlRoZSBxdWljayBicm93biBmb3gganVtcHMgb3ZlciB0aGUgbGF6eSBkb2cuIC0AFVBkb2cuIBgAAAAXVDsAUSBsZXRzTQAPbAABcCBvdmVyLiAZAAAAH1QfAARhcyBvdmVyPgCgbGF6eSBkb2cuIAAAAAA=',
  ],
  [
    'lz4 with independent blocks, two of them not compressed, and checksums',
    'lz4',
    'BCJNGHRAvTgAAAD/HlRoZSBxdWljayBicm93biBmb3gganVtcHMgb3ZlciB0aGUgbGF6eSBkb2cuIC0AFVBkb2cuIF+rDfMxAACAVGhlIGxhenkgZG9nIGxldHMgdGhlIHF1aWNrIGJyb3duIGZveCBqdW1wIG92ZXIuILGM114tAACAVGhlIHF1aWNrIGJyb3duIGZveCBqdW1wcyBvdmVyIHRoZSBsYXp5IGRvZy4glM9HiwAAAADNHZYv',
  ],
  [
    'zstd without the content’s size, with a checksum',
    'zstd',
    'KLUv/QRYPQIAJANUaGUgcXVpY2sgYnJvd24gZm94IGp1bXBzIG92ZXIgdGhlIGxhenkgZG9nLiAgbGV0cwYAhBHgRgtvUAAFoV4RocJIlQEfvh4g',
  ],
]

for (const [name, codec, base64] of WRITTEN_BY_OTHERS) {
  test(`${name} is read`, async () => {
    const bytes = Buffer.from(base64, 'base64')
    assert.equal(String(await decompress(compressionCode(codec), bytes, 0)), TEXT)
  })
}
