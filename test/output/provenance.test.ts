/** Headers of provenance, byte by byte, against lists of pairs. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { RecordColumns } from '../../src/batch.ts'
import { encodeHeaders, RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, readHeaders } from '../../src/broker/record-columns.ts'
import { bytesOf, NO_BYTES } from '../../src/bytes.ts'
import type { HeaderSection } from '../../src/output/match-headers.ts'
import { StaleHeaders } from '../../src/output/own-headers.ts'
import { MatchProvenance, OurNames, ProvenanceHeaders } from '../../src/output/provenance.ts'

type Pair = readonly [string, string | null]

const DIMENSIONS = ['customer', 'product']
const names = new OurNames(['right'], DIMENSIONS)
const OURS = [
  'enricher.facts',
  'enricher.right',
  ...DIMENSIONS.map((d) => `enricher.dimension.${d}`),
]
const name = fc.oneof(
  fc.constantFrom(...OURS),
  fc.constantFrom(
    'trace',
    '',
    'enricher.',
    'enricher.topic',
    'enricher.dimension.customers',
    'enricher.fact',
  ),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
)
const own = fc.array(fc.tuple(name, fc.option(fc.string({ unit: 'grapheme', maxLength: 200 }))), {
  maxLength: 6,
})
const offset = fc.oneof(
  fc.nat(1000),
  fc.maxSafeNat(),
  fc.constantFrom(2 ** 31 - 1, 2 ** 31, 2 ** 32),
)
const time = fc.oneof(
  fc.integer({ min: -62_167_219_200_000, max: 253_402_300_799_999 }),
  fc.constantFrom(0, -1, 951_782_400_000, 1_709_164_800_000),
)
const place = fc.record({ partition: fc.nat(100_000), offset })
const row = fc.record({ found: fc.boolean(), partition: fc.nat(100_000), offset })
const record = fc.record({ own, place, time, rows: fc.tuple(row, row) })

const encoded = (headers: readonly Pair[]) =>
  headers.map(([key, text]) => [key, text === null ? null : Buffer.from(text)] as const)

async function columnsOf(headers: readonly Pair[], at: number): Promise<RecordColumns> {
  const batch = new RecordBatchWriter({
    topic: 't',
    partition: 0,
    transactional: false,
    compression: 'none',
  })
  batch.recordOf(0, { key: null, value: Buffer.from('v'), headers: encoded(headers) })
  const columns = await decodeRecordBatches(Buffer.from(await batch.seal(-1n, -1, -1)), 0, [])
  columns.offsets[0] = at
  return columns
}

const pairsOf = ({ buffer, headersStart, headersEnd }: HeaderSection): Pair[] =>
  headersEnd === headersStart
    ? []
    : readHeaders(bytesOf(Buffer.from(buffer.subarray(0, headersEnd))), headersStart).map(
        ([key, text]) => [key, text === null ? null : String(text)],
      )

const ownOf = (headers: readonly Pair[]): Pair[] => headers.filter(([key]) => !OURS.includes(key))

test('a record has its place and those of its rows, then its own headers but for those of our names', async () => {
  await fc.assert(
    fc.asyncProperty(
      record,
      async ({ own: its, place: { partition, offset: at }, time: ms, rows }) => {
        const columns = await columnsOf(its, at)
        const source = { topic: 'orders', origin: null }
        const topics = ['customers', 'products']
        const headers = new ProvenanceHeaders(
          names,
          names.facts,
          source,
          partition,
          topics,
          rows,
          new StaleHeaders(true),
        )
        const bytes = headers.write(columns, Float64Array.of(ms), 0)
        assert.equal(bytes, headers.headersEnd)
        const ofRows = rows.flatMap(({ found, ...of }, d): Pair[] =>
          found
            ? [[`enricher.dimension.${DIMENSIONS[d]}`, `${topics[d]}-${of.partition}@${of.offset}`]]
            : [],
        )
        const ofFact: Pair = [
          'enricher.facts',
          `orders-${partition}@${at} ${new Date(ms).toISOString()}`,
        ]
        assert.deepEqual(pairsOf(headers), [ofFact, ...ofRows, ...ownOf(its)])
      },
    ),
    { numRuns: 1000 },
  )
})

test('a section of headers that is none ends where it stops making sense', () => {
  const facts = { topic: 'orders', origin: null }
  fc.assert(
    fc.property(own, fc.array(fc.nat(255), { maxLength: 40 }), fc.nat(400), (its, junk, cut) => {
      const whole = encodeHeaders(encoded(its)).subarray(0, cut)
      const buffer = bytesOf(Buffer.concat([whole, Buffer.from(junk)]))
      const ends = { headerStarts: Int32Array.of(0), headerEnds: Int32Array.of(buffer.length) }
      const columns = { buffer, offsets: Float64Array.of(7), ...ends } as unknown as RecordColumns
      const headers = new ProvenanceHeaders(
        names,
        names.facts,
        facts,
        3,
        [],
        [],
        new StaleHeaders(true),
      )
      headers.write(columns, Float64Array.of(0), 0)
      const [[first, place]] = pairsOf(headers)
      assert.deepEqual([first, place], ['enricher.facts', 'orders-3@7 1970-01-01T00:00:00.000Z'])
    }),
    { numRuns: 3000 },
  )
})

const section = (headers: readonly Pair[] | null): HeaderSection => {
  // One that was kept without headers has no section.
  const bytes = headers === null ? NO_BYTES : encodeHeaders(encoded(headers))
  const buffer = bytesOf(Buffer.concat([Buffer.from('??'), bytes]))
  return { buffer, headersStart: 2, headersEnd: buffer.length }
}

test('a match has the headers of one side, and of the other what it was made of', () => {
  const match = new MatchProvenance(names)
  const facts = fc.subarray(OURS.filter((one) => one !== 'enricher.right'))
  fc.assert(
    fc.property(
      facts,
      fc.boolean(),
      own,
      own,
      fc.boolean(),
      (told, isTold, left, right, isLeft) => {
        const ofLeft = [...told.map((one): Pair => [one, 'l']), ...ownOf(left)]
        const toldRight: Pair[] = isTold ? [['enricher.right', 'r']] : []
        const ofRight = [...toldRight, ...ownOf(right)]
        const sides = [ofLeft, ofRight].map((all) => section(all.length === 0 ? null : all))
        const [whole, other] = isLeft ? sides : [sides[1], sides[0]]
        const wanted = isLeft
          ? [...ofLeft, ...toldRight]
          : [...ofRight, ...told.map((one): Pair => [one, 'l'])]
        assert.deepEqual(pairsOf(match.of(whole, other)), wanted)
      },
    ),
    { numRuns: 2000 },
  )
})
