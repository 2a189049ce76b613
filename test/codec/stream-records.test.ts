/** DynamoDB's stream records: random items, marshalled as its SDKs do, and records that AWS has published or others have seen. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import avsc, { type Schema } from 'avsc'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { AvroReader, type AvroRecordSchema, type ReaderPlan } from '../../src/codec/avro/reader.ts'
import { envelopedSchema } from '../../src/codec/envelope/schema.ts'
import { JsonInput } from '../../src/codec/json/input.ts'
import { JsonReader } from '../../src/codec/json/reader.ts'
import { DELETED, TAKEN } from '../../src/codec/port.ts'
import type { EnvelopeKind } from '../../src/config/pipeline.ts'
import { longs } from './avsc-longs.ts'
import { type Shuffle, samples, shuffled } from './dynamodb-samples.ts'
import type { Any } from './json-model.ts'

type Fields = readonly { readonly name: string; readonly type: unknown }[]

const schemaOf = (fields: Fields): AvroRecordSchema =>
  ({ type: 'record', name: 'Item', namespace: 'shop', fields }) as unknown as AvroRecordSchema

const wholePlan = (
  item: AvroRecordSchema,
  kind: EnvelopeKind = 'dynamodb',
  more: Partial<ReaderPlan> = {},
): ReaderPlan => ({
  select: item.fields.map(({ name }) => ({ source: name, nullable: false })),
  keys: [],
  time: null,
  envelope: { kind, time: null, isKeyed: true },
  ...more,
})

const readerOf = (
  item: AvroRecordSchema,
  plan = wholePlan(item),
  kind: EnvelopeKind = 'dynamodb',
): JsonInput => new JsonInput(envelopedSchema(item, kind), plan)

const read = (reader: JsonInput, value: unknown): string | null => {
  const text = bytesOf(Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)))
  const reason = reader.read(0, text, 0, text.length)
  if (reason === null) reader.select(0)
  return reason && `${reason}: ${reader.fault}`
}

function projected(reader: JsonInput): Buffer {
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  reader.project(target, 0)
  return target
}

/** The row as JSON, by the reader that writes outputs. */
function rowText(item: AvroRecordSchema, reader: JsonInput): string {
  const json = new JsonReader(
    item,
    new AvroReader(item, { ...wholePlan(item), envelope: undefined }),
    false,
  )
  const value = bytesOf(Buffer.concat([Buffer.alloc(5), projected(reader)]))
  assert.equal(json.read(0, value, 0, value.length), null)
  json.select(0)
  const target = bytesOf(Buffer.alloc(json.projectedBytes))
  json.project(target, 0)
  return String(target)
}

/** An event around two items, as it is written. */
type Written = (before: Any, after: Any, shuffle: Shuffle) => unknown

const WRITERS: readonly (readonly [EnvelopeKind, Written])[] = [
  [
    'dynamodb',
    (OldImage, NewImage, shuffle) => {
      const change = shuffle(Object.entries({ Keys: {}, NewImage, OldImage, SizeBytes: 17 }))
      const dynamodb = Object.fromEntries(change)
      const event = { awsRegion: 'eu-central-1', eventName: 'MODIFY', dynamodb }
      return Object.fromEntries(shuffle(Object.entries(event)))
    },
  ],
  [
    'dynamodb-cdc',
    (before, after) => ({
      ...{ op: 'u', ts_ms: 1, source: { version: null, tableName: 'items', ts_ms: 1 } },
      before: { document: JSON.stringify(before) },
      after: { document: ` ${JSON.stringify(after, null, 1)}\n` },
    }),
  ],
]

for (const [kind, written] of WRITERS) {
  test(`random items come out of ${kind} as they were put, whatever the order of their attributes`, () => {
    const events = samples.chain((of) =>
      fc.tuple(fc.constant(of), of.value, of.value, fc.infiniteStream(fc.nat(9))),
    )
    fc.assert(
      fc.property(events, ([of, value, before, random]) => {
        const shuffle = shuffled(random)
        const item = schemaOf(of.type.fields)
        const reader = readerOf(item, wholePlan(item, kind), kind)
        const images = [before, value].map((one) => of.attribute(one, shuffle).M)
        assert.equal(read(reader, written(images[0], images[1], shuffle)), null)
        assert.equal(reader.fate, TAKEN)
        const type = avsc.Type.forSchema(item as unknown as Schema, { registry: { long: longs } })
        assert.equal(projected(reader).toString('hex'), type.toBuffer(value).toString('hex'))
      }),
      { numRuns: 300 },
    )
  })
}

const ITEM = schemaOf([
  { name: 'id', type: 'string' },
  {
    name: 'price',
    type: ['null', { type: 'bytes', logicalType: 'decimal', precision: 38, scale: 2 }],
  },
  { name: 'digits', type: ['null', 'string'] },
  { name: 'at', type: ['null', { type: 'long', logicalType: 'timestamp-millis' }] },
  { name: 'n', type: ['null', 'long', 'double', 'string'] },
])

/** What an attribute comes out as; else the sentence. */
const ATTRIBUTES: readonly (readonly [attribute: unknown, said: string])[] = [
  [{ price: { N: '1.50' } }, '"price":1.50'],
  [
    { price: { N: '12345678901234567890123456789012345.6' } },
    '"price":12345678901234567890123456789012345.60',
  ],
  [{ price: { N: '1E+2' } }, '"price":100.00'],
  [{ price: { NULL: true } }, '"price":null'],
  [{}, '"price":null'],
  [{ digits: { N: '1.10' } }, '"digits":"1.10"'],
  [{ at: { S: '2026-01-31T12:00:00Z' } }, '"at":"2026-01-31T12:00:00.000Z"'],
  [{ at: { N: '1769860800000' } }, '"at":"2026-01-31T12:00:00.000Z"'],
  [{ n: { N: '7' } }, '"n":7'],
  [{ n: { N: '7.5' } }, '"n":7.5'],
  [{ n: { S: '7' } }, '"n":"7"'],
  [
    { price: { N: '1.505' } },
    'incompatible_schema: The field dynamodb.NewImage.price is "1.505"; the pipeline reads bytes as decimal(38,2)',
  ],
  [{ price: { S: '1.50' } }, 'price is {"S":"1.50"}; the pipeline reads'],
  [{ price: { N: 1.5 } }, 'price is 1.5; the pipeline reads'],
  [{ price: { N: 'x' } }, 'price is "x"; the pipeline reads'],
  [{ price: { N: '1', S: '1' } }, 'price is {"N":"1","S":"1"}; the pipeline reads'],
  [{ price: {} }, 'price is {}; the pipeline reads'],
  [{ price: '1.50' }, 'price is "1.50"; the pipeline reads'],
  [{ digits: { BOOL: true } }, 'digits is {"BOOL":true}; the pipeline reads null or string'],
]

test('an attribute is read by its tag, a number to its last digit; what is of another type is told', () => {
  const reader = readerOf(ITEM)
  for (const [attributes, said] of ATTRIBUTES) {
    const NewImage = { id: { S: 'a' }, ...(attributes as object) }
    const fault = read(reader, { eventName: 'INSERT', dynamodb: { NewImage } })
    const text = fault ?? rowText(ITEM, reader)
    assert.ok(text.includes(said), `${JSON.stringify(attributes)}: ${text}`)
  }
})

/** As AWS shows it of Kinesis Data Streams, with numbers written as others do; a deletion by its time to live. */
const ORDER = schemaOf([
  { name: 'order_id', type: 'long' },
  { name: 'price', type: ['null', 'double'] },
])
const PUBLISHED = [
  '{"awsRegion":"us-east-1","eventID":"26b1b865-1ee7-47f9-816e-d51cdeef9dc5","eventName":"MODIFY","userIdentity":null,"recordFormat":"application/json","tableName":"orders","dynamodb":{"ApproximateCreationDateTime":1720046486486729,"Keys":{"customer_name":{"S":"Bob Lee"},"order_id":{"N":"3"}},"NewImage":{"order_status":{"N":"3"},"order_id":{"N":"3"},"price":{"N":"63.06"},"customer_name":{"S":"Bob Lee"}},"OldImage":{"order_id":{"N":"3"},"price":{"N":"63.06"}},"SizeBytes":234,"ApproximateCreationDateTimePrecision":"MICROSECOND"},"eventSource":"aws:dynamodb"}',
  '{"eventID":"157553a05c3cbf96b130387fa2cea815","eventName":"REMOVE","eventVersion":"1.1","eventSource":"aws:dynamodb","awsRegion":"ap-southeast-1","dynamodb":{"ApproximateCreationDateTime":1568014718.0,"Keys":{"order_id":{"N":"3"}},"OldImage":{"order_id":{"N":"3"},"price":{"N":"63.06"}},"SequenceNumber":"21258900000000008186295383","SizeBytes":22,"StreamViewType":"NEW_AND_OLD_IMAGES"},"userIdentity":{"principalId":"dynamodb.amazonaws.com","type":"Service"}}',
  '{"eventName":"REMOVE","dynamodb":{"ApproximateCreationDateTime":1.568014718E9,"Keys":{"order_id":{"N":"3"}},"SizeBytes":22,"StreamViewType":"KEYS_ONLY"}}',
  '{"eventName":"MODIFY","dynamodb":{"Keys":{"order_id":{"N":"3"}},"StreamViewType":"KEYS_ONLY"}}',
  '{"eventName":"TRUNCATE","dynamodb":{}}',
]

test('records that AWS writes say what has happened, of which key, and when', () => {
  const path = 'dynamodb.ApproximateCreationDateTime'
  const of = (unit: 's' | 'us') =>
    readerOf(
      ORDER,
      wholePlan(ORDER, 'dynamodb', {
        keys: ['order_id'],
        envelope: { kind: 'dynamodb', time: { path, unit }, isKeyed: true },
      }),
    )
  const [micros, seconds] = [of('us'), of('s')]
  const key = (reader: JsonInput): string | null => {
    const end = reader.keyEnd(0)
    return end < 0 ? null : reader.keyBuffer(0).toString('utf8', reader.keyStart(0), end)
  }
  assert.equal(read(micros, PUBLISHED[0]), null)
  assert.deepEqual([micros.fate, key(micros), micros.time], [TAKEN, '3', 1720046486486])
  assert.equal(rowText(ORDER, micros), '{"order_id":3,"price":63.06}')
  assert.equal(micros.selectFormer(), true)
  assert.equal(key(micros), '3')
  assert.equal(read(seconds, PUBLISHED[1]), null)
  assert.deepEqual([seconds.fate, key(seconds), seconds.time], [DELETED, '3', 1568014718000])
  assert.equal(read(seconds, PUBLISHED[2]), null)
  assert.deepEqual([seconds.fate, key(seconds), seconds.time], [DELETED, null, 1568014718000])
  assert.match(read(seconds, PUBLISHED[3])!, /^malformed: The event says "MODIFY", and has no row/)
  assert.match(
    read(seconds, PUBLISHED[4])!,
    /says "TRUNCATE", which is none of INSERT, MODIFY, REM/,
  )
})

test('of stream records that are cut short or changed none ends the process', () => {
  const reader = readerOf(ORDER)
  fc.assert(
    fc.property(fc.nat(PUBLISHED[0].length - 1), fc.integer({ min: 32, max: 126 }), (at, code) => {
      const changed = `${PUBLISHED[0].slice(0, at)}${String.fromCharCode(code)}${PUBLISHED[0].slice(at + 1)}`
      assert.match(read(reader, PUBLISHED[0].slice(0, at))!, /^malformed: ./)
      const reason = read(reader, changed)
      if (reason !== null) assert.match(reason, /^\w+: ./)
    }),
    { numRuns: 2000 },
  )
})

/** As a consumer has shown them (vdesabou/kafka-docker-playground, ccloud/fm-aws-dynamodb-cdc-source), without Avro's names of branches. */
const CONFLUENT =
  '{"op":"r","ts_ms":1720625711347,"ts_us":1720625711347098,"ts_ns":1720625711347098433,"source":{"version":null,"tableName":"pgvsaboulindynamocdc7.6.1","sync_mode":"SNAPSHOT","ts_ms":1720625711347,"ts_us":1720625711347073,"ts_ns":1720625711347073734,"snapshotStartTime":1720625711297,"snapshotCount":1,"segment":0,"totalSegments":5,"shard_id":null,"seq_no":null},"before":null,"after":{"document":"{\\"partition\\":{\\"N\\":\\"0\\"},\\"offset\\":{\\"N\\":\\"7\\"},\\"last_name\\":{\\"S\\":\\"Helen\\"},\\"first_name\\":{\\"S\\":\\"August\\"}}"}}'

test('records of Confluent’s connector are read, and what is wrong in a document is told', () => {
  const item = schemaOf([
    { name: 'first_name', type: 'string' },
    { name: 'offset', type: ['null', 'long'] },
  ])
  const time = { path: 'source.ts_ms', unit: 'ms' } as const
  const envelope = { kind: 'dynamodb-cdc', time, isKeyed: true } as const
  const plan = wholePlan(item, 'dynamodb-cdc', { keys: ['first_name'], envelope })
  const reader = readerOf(item, plan, 'dynamodb-cdc')
  const text = '{"first_name":"August","offset":7}'
  assert.equal(read(reader, CONFLUENT), null)
  assert.deepEqual([reader.fate, reader.time], [TAKEN, 1720625711347])
  assert.equal(rowText(item, reader), text)
  const event = JSON.parse(CONFLUENT)
  for (const after of [null, { document: null }]) {
    assert.equal(read(reader, { ...event, op: 'd', before: event.after, after }), null)
    assert.equal(reader.fate, DELETED)
    assert.equal(
      reader.keyBuffer(0).toString('utf8', reader.keyStart(0), reader.keyEnd(0)),
      'August',
    )
  }
  const refused = (document: unknown) => read(reader, { ...event, after: { document } })!
  const { document } = event.after
  assert.match(
    refused(document.replace('N":"7', 'S":"7')),
    /^incomp.* after\.document\.offset is .*reads null or long/,
  )
  assert.match(refused('{"offset":{"N":"7"}}'), /after\.document\.first_name is not there/)
  for (const wrong of [7, document.slice(0, -1), `${document}}`, '', {}])
    assert.match(
      refused(wrong),
      /^incompatible_schema: The field after\.document.* reads text with the attributes/,
    )
  assert.equal(read(reader, CONFLUENT), null)
  assert.equal(rowText(item, reader), text)
})
