/** Fields of Protobuf that come out in Protobuf, against what protobufjs reads of the input's bytes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type protobuf from 'protobufjs'
import { bytesOf } from '../../../src/bytes.ts'
import type { AvroRecordSchema } from '../../../src/codec/avro/reader.ts'
import {
  type PipelineCodec,
  TAKEN,
  type TopicCodec,
  type ValueReader,
} from '../../../src/codec/port.ts'
import type { KeptFile } from '../../../src/codec/protobuf/kept-numbers.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { createPipelineCodec } from '../../../src/plan/pipeline-codec.ts'
import { modelOf } from './model.ts'
import { typeOfProto } from './output-model.ts'
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
