/** `init` of topics with images of DynamoDB. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import { draftText, type TopicDraft } from '../../src/cli/draft-pipeline.ts'
import { draftSchema } from '../../src/cli/draft-schema.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-items-'))
after(() => rmSync(folder, { recursive: true }))

const ITEMS = [
  { id: { S: '7' }, price: { N: '1.5' }, big: { N: '12345678901234567890' }, tags: { SS: ['x'] } },
  { id: { S: '8' }, price: { N: '2' }, big: { N: '1' }, home: { M: { zip: { N: '53111' } } } },
]
const FIELDS = [
  { name: 'id', type: 'string' },
  { name: 'price', type: 'double' },
  {
    name: 'big',
    type: { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 0 },
  },
  { name: 'tags', type: ['null', { type: 'array', items: 'string' }], default: null },
]

const streamRecords = ITEMS.map((NewImage) => {
  return { eventName: 'INSERT', dynamodb: { Keys: { id: NewImage.id }, NewImage } }
})
const documents = ITEMS.map((item) => {
  return { op: 'r', before: null, after: { document: JSON.stringify(item) } }
})
const bytes = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

for (const [kind, events, key] of [
  ['dynamodb', streamRecords, ['id']],
  ['dynamodb-cdc', documents, []],
] as const) {
  test(`the schema of items in ${kind} is inferred from their images, and a pipeline of it reads them`, async () => {
    const draft = await draftSchema('items', events.map(bytes), null, folder)
    const { schema, primaryKey, text } = draft
    assert.deepEqual([schema.envelope?.kind, primaryKey], [kind, key])
    assert.deepEqual(schema.fields.slice(0, 4), FIELDS)
    writeFileSync(join(folder, 'items.avsc'), text!)
    const facts = { type: 'record', name: 'F', fields: [{ name: 'item_id', type: 'string' }] }
    writeFileSync(join(folder, 'facts.avsc'), JSON.stringify(facts))
    const none = { frames: null, isBare: false, primaryKey: [], keys: [], values: [] }
    const of = { format: 'json', schema: facts, schemaFile: './facts.avsc' } as const
    const lines = draftText({
      name: 'job',
      connection: ['kafka: { brokers: "localhost:9092" }'],
      hasRegistry: false,
      facts: { ...none, ...of, topic: 'facts' } as unknown as TopicDraft,
      join: null,
      dimensions: [
        { ...none, ...draft, topic: 'items', name: 'item', on: undefined, keys: [null] },
      ],
      now: 0,
    })
    const pipeline = parsePipeline(lines, join(folder, 'pipeline.yaml'), {})
    const [dimension] = pipeline.dimensions
    assert.deepEqual([dimension.envelope, dimension.key], [kind, key])
    const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    for (const event of events) {
      const value = bytesOf(bytes(event))
      const reader = codec.dimensions[0].reader(value, 0, value.length, 0, 0)
      assert.ok(typeof reader === 'object' && reader !== null)
      assert.equal(reader.read(0, value, 0, value.length), null, reader.fault)
    }
    rmSync(join(folder, 'items.avsc'))
  })
}
