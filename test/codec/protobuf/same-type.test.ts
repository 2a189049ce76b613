/** Fields of Protobuf that come out in Protobuf, against what protobufjs reads of the input's bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type protobuf from 'protobufjs'
import { bytesOf } from '../../../src/bytes.ts'
import { AvroReader, type AvroRecordSchema } from '../../../src/codec/avro/reader.ts'
import {
  type PipelineCodec,
  TAKEN,
  type TopicCodec,
  type ValueReader,
} from '../../../src/codec/port.ts'
import { KeptFile } from '../../../src/codec/protobuf/kept-numbers.ts'
import { parseSchema } from '../../../src/codec/protobuf/parse.ts'
import { ProtobufReader } from '../../../src/codec/protobuf/protobuf-reader.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { createPipelineCodec } from '../../../src/plan/pipeline-codec.ts'
import { protobufOutput } from '../../../src/plan/protobuf-output.ts'
import { modelOf } from './model.ts'
import { decoded, typeOfProto } from './output-model.ts'
import { Choices, messageOf, protoFile, topOf } from './random-messages.ts'
import { FIRST, viewOfText } from './reading.ts'
import { otherForm } from './wire-forms.ts'

const AROUND =
  'name: same\nkafka: { brokers: "localhost:9092" }\nregistry: { url: "http://here" }\n'
const OUTPUT = 'out: { topic: out.all, format: protobuf }'

/** Facts, and a dimension whose columns have a `d_` in front and may be missing. */
function codecOf(view: AvroRecordSchema, outputs: string, kept?: KeptFile): PipelineCodec {
  const columns = view.fields.map(({ name }) => `d_${name}: ${name}`).join(', ')
  const text = `${AROUND}
facts: { topic: a, format: protobuf }
dimensions: { d: { topic: b, format: protobuf, on: key, missing: null, select: { ${columns} } } }
outputs: { ${outputs} }
`
  const schemas = { facts: view, dimensions: [view], rights: [] }
  return createPipelineCodec(parsePipeline(text, 'pipeline.yaml', {}), schemas, null, [kept])
}

function readerOf(codec: TopicCodec, value: Buffer): ValueReader {
  const reader = codec.reader(value, 0, value.length, 0, 0)
  assert.ok(reader !== null && typeof reader !== 'string', String(reader))
  return reader
}

/** What is projected of a value; a text: why it is refused. */
function projected(reader: ValueReader, value: Buffer): Buffer | string {
  const reason = reader.read(0, bytesOf(value), 0, value.length)
  if (reason !== null) return `${reason} ${reader.fault}`
  reader.select(0)
  if (reader.fate !== TAKEN) return reader.failure
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  return Buffer.from(target)
}

/** The output's message of a fact and its row. */
type Complete = (fact: Uint8Array, row: Uint8Array) => Buffer | string

/** Where both are stored as fields of it. */
function stored({ sources, dimensions }: PipelineCodec): Complete {
  const part = (codec: TopicCodec, message: Uint8Array): Buffer | string => {
    const value = Buffer.concat([FIRST, message])
    return projected(readerOf(codec, value), value)
  }
  return (fact, row) => {
    const both = [part(sources[0].values, fact), part(dimensions[0], row)]
    return both.find((one) => typeof one === 'string') ?? Buffer.concat(both as Buffer[])
  }
}

/** Where both are stored as Avro, as another output wants them so. */
function completed(codec: PipelineCodec): Complete {
  const avro = stored(codec)
  return (fact, row) => {
    const record = avro(fact, row)
    if (typeof record === 'string') return record
    return projected(codec.outputs[0].reader, Buffer.concat([Buffer.alloc(5), record]))
  }
}

/** Of columns of the dimension. */
function prefixed(model: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(model).map(([name, value]) => [`d_${name}`, value]))
}

const modelIn = (type: protobuf.Type, bytes: Uint8Array): Record<string, unknown> =>
  modelOf(type, type.decode(bytes) as never)

/** Both ways of an output, by a .proto file whose message has a field `key`. */
async function waysOf(text: string) {
  const view = await viewOfText(text)
  return [
    { codec: codecOf(view, OUTPUT), way: stored },
    { codec: codecOf(view, `${OUTPUT}, avro: { topic: out.avro }`), way: completed },
  ].map(({ codec, way }) => {
    const { schema } = codec.outputs[0]
    return { complete: way(codec), to: typeOfProto(schema), schema }
  })
}

const keyed = (text: string): string =>
  text.replace('message Top {', 'message Top { optional string key = 90000;')

const samples = fc.tuple(
  protoFile,
  fc.array(fc.uint8Array({ minLength: 60, maxLength: 400 }), { minLength: 2, maxLength: 4 }),
  fc.uint8Array({ minLength: 50, maxLength: 200 }),
)

test('a message’s fields come out as a decoder sees them in the input, in whatever form they are written', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async ([given, seeds, forms]) => {
      const text = keyed(given)
      const type = topOf(text)
      const ways = await waysOf(text)
      const messages = seeds.map((seed, i) => {
        const bytes = Buffer.from(type.encode(messageOf(type, new Choices(seed))).finish())
        return i === 0 ? bytes : otherForm(type, bytes, new Choices(forms))
      })
      for (const [i, fact] of messages.entries()) {
        const row = messages[(i + 1) % messages.length]
        const expected = { ...modelIn(type, fact), ...prefixed(modelIn(type, row)) }
        for (const { complete, to, schema } of ways) {
          const got = complete(fact, row)
          assert.ok(typeof got !== 'string', String(got))
          assert.deepEqual(modelIn(to, got), expected, schema)
        }
      }
    }),
    { numRuns: 150 },
  )
})

test('what is copied is refused where its Avro would be, for the same reason, and says the same else', async () => {
  let refused = 0
  await fc.assert(
    fc.asyncProperty(
      samples,
      fc.uint8Array({ maxLength: 40 }),
      fc.nat(),
      async ([given, seeds], random, at) => {
        const text = keyed(given)
        const type = topOf(text)
        const [copying, writing] = await waysOf(text)
        const whole = Buffer.from(type.encode(messageOf(type, new Choices(seeds[0]))).finish())
        const flipped = Buffer.from(whole)
        if (whole.length > 0) flipped[at % whole.length] ^= 1 << (at & 7)
        const [before, behind] = [whole.subarray(0, at % 50), whole.subarray(at % 50)]
        for (const bytes of [random, flipped, Buffer.concat([before, random, behind]), before]) {
          const copied = copying.complete(bytes, whole)
          const written = writing.complete(bytes, whole)
          if (typeof copied === 'string' || typeof written === 'string') {
            assert.equal(copied, written, text)
            refused++
          } else assert.deepEqual(modelIn(copying.to, copied), modelIn(writing.to, written), text)
        }
      },
    ),
    { numRuns: 200 },
  )
  assert.ok(refused > 50)
})

const keptIn = (text: string): KeptFile => new KeptFile(parseSchema(text, () => undefined))

test('an output goes on with the types that its file has, as earlier releases wrote them, and with its own', async () => {
  await fc.assert(
    fc.asyncProperty(samples, async ([given, [seed]]) => {
      const text = keyed(given)
      const type = topOf(text)
      const view = await viewOfText(text)
      const first = codecOf(view, OUTPUT)
      const again = codecOf(view, OUTPUT, keptIn(first.outputs[0].schema))
      assert.equal(again.outputs[0].schema, first.outputs[0].schema)
      assert.deepEqual(again.outputs[0].invented, [])
      const schema = JSON.parse(first.outputSchema) as AvroRecordSchema
      const former = protobufOutput(schema, new KeptFile(undefined), new Map()).text
      const codec = codecOf(view, OUTPUT, keptIn(former))
      assert.deepEqual(typesIn(codec.outputs[0].schema), typesIn(former))
      // Their values are copied, and written, side by side.
      const bytes = type.encode(messageOf(type, new Choices(seed))).finish()
      const got = stored(codec)(bytes, bytes)
      assert.ok(typeof got !== 'string', String(got))
      const byFormer = protobufOutput(schema, keptIn(former), new Map())
      const avro = codecOf(view, `${OUTPUT}, avro: { topic: out.avro }`, keptIn(former))
      const record = stored(avro)(bytes, bytes) as Buffer
      const select = schema.fields.map(({ name }) => ({ source: name, nullable: false }))
      const inner = new AvroReader(schema, { select, keys: [], time: null })
      const framed = Buffer.concat([Buffer.alloc(5), record])
      const expected = projected(new ProtobufReader(byFormer.writers, inner), framed)
      const to = typeOfProto(former)
      const [copied, written] = [decoded(to, got), decoded(to, expected as Buffer)]
      assert.deepEqual(inMicroseconds(copied), inMicroseconds(written), former)
    }),
    { numRuns: 100 },
  )
})

/** What is written of Avro has no nanoseconds. */
const inMicroseconds = (message: unknown): unknown =>
  JSON.parse(
    JSON.stringify(message, (name, value) => (name === 'nanos' ? value - (value % 1000) : value)),
  )

/** Types and numbers of the fields of all messages. */
const typesIn = (text: string): string[] =>
  text.split('\n').filter((line) => / = \d+/.test(line) || /^\s*(message|enum) /.test(line))

const SHOP = 'syntax = "proto3"; package shop;'
const ORDER = `${SHOP} message Order { string key = 1; Kind kind = 3; Item item = 4; }
  enum Kind { NONE = 0; RED = 5; } message Item { uint64 n = 7; reserved 9; }`

test('what an input’s types get by and by has the input’s numbers', async () => {
  const { schema } = codecOf(await viewOfText(ORDER), OUTPUT).outputs[0]
  assert.match(schema, /^ {2}Kind kind = 2;\n {2}optional Item item = 3;$/m)
  assert.match(schema, /message Item {\n {4}reserved 9;\n {4}uint64 n = 7;\n {2}}/)
  const later = ORDER.replace('RED = 5;', 'GREEN = 2;').replace('n = 7;', 'm = 2; sint32 o = 8;')
  const next = codecOf(await viewOfText(later), OUTPUT, keptIn(schema)).outputs[0].schema
  assert.match(next, /enum Kind {\n {4}NONE = 0;\n {4}GREEN = 2;\n {4}RED = 5;\n {2}}/)
  assert.match(
    next,
    /message Item {\n {4}reserved 7, 9;\n {4}reserved "n";\n {4}uint64 m = 2;\n {4}sint32 o = 8;/,
  )
  const other = ORDER.replace('uint64 n = 7;', 'string n = 8; uint64 o = 7;')
  const kept = codecOf(await viewOfText(other), OUTPUT, keptIn(schema)).outputs[0].schema
  assert.match(kept, /reserved 7, 9;/)
})

const len = (number: number, body: Buffer): Buffer => {
  const low = (body.length & 127) | 128
  return Buffer.concat([Buffer.of(number * 8 + 2, low, body.length >> 7), body])
}

test('fields inside of a message that nobody knows do not come out, and what is nested too deep is refused', async () => {
  const node = `${SHOP} message Node { string key = 1; Node next = 2; }`
  const codec = codecOf(await viewOfText(node), OUTPUT)
  const part = (message: Buffer): Buffer | string => {
    const value = Buffer.concat([FIRST, message])
    return projected(readerOf(codec.sources[0].values, value), value)
  }
  const unknown = len(2, len(3, Buffer.from('unknown')))
  assert.deepEqual(part(unknown), Buffer.of(18, 0))
  const nested = (levels: number): Buffer =>
    levels === 0 ? Buffer.alloc(0) : len(2, nested(levels - 1))
  assert.deepEqual(part(nested(100)), nested(100))
  assert.match(String(part(nested(101))), /^malformed .* is nested deeper than 100 levels$/)
  // One that is written anew, behind it one that is copied.
  const both = Buffer.concat([nested(99), unknown])
  assert.ok(typeof part(both) !== 'string')
})
