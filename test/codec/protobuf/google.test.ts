import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { bytesOf } from '../../../src/bytes.ts'
import { TAKEN, type ValueReader } from '../../../src/codec/port.ts'
import { readFile } from '../../../src/codec/protobuf/schema.ts'
import { viewOf } from '../../../src/codec/protobuf/view.ts'
import { parsePipeline } from '../../../src/config/load.ts'
import { createPipelineCodec } from '../../../src/plan/pipeline-codec.ts'
import { FIRST, reading } from './reading.ts'

/** Written by google/values.py, with Google's own library. */
interface Case {
  readonly name: string
  /** In hex. */
  readonly bytes: string
  /** null: the library refuses the bytes. */
  readonly value: Readonly<Record<string, unknown>> | null
}

const place = (name: string): string => fileURLToPath(new URL(`google/${name}`, import.meta.url))
const cases = readFileSync(place('values.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

/** What the library leaves to its caller, and is refused here: times and dates that are none; and text that proto3 cannot say. */
const STRICTER = /no time|no whole date|text is text that is not UTF-8$/

/** A map's entry with a field that is not known: Python leaves it out, Java does not (findings/protobuf-map-unknown-field.sh). */
const OTHERWISE = ['mutation 29', 'mutation 76', 'mutation 103', 'mutation 124']

/** Google's judgments of the bytes. @param read gives the value, or why there is none */
function compare(read: (message: Uint8Array) => unknown): void {
  assert.ok(cases.length > 150)
  for (const { name, bytes, value } of cases) {
    const got = read(Buffer.from(bytes, 'hex'))
    if (OTHERWISE.includes(name)) {
      assert.notDeepEqual(got, value, name)
      continue
    }
    if (typeof got === 'string' && STRICTER.test(got)) continue
    if (value === null) assert.match(String(got), /^malformed /, name)
    else assert.deepEqual(got, value, name)
  }
}

for (const file of ['values.proto', 'values.desc']) {
  test(`bytes are read, and refused, as Google's library does, by ${file}`, async () => {
    const all = await readFile(place(file))
    const [{ message }] = all.messages
    compare(reading(viewOf({ message, file: all })))
  })
}

const PIPELINE = `name: same
kafka: { brokers: "localhost:9092" }
registry: { url: "http://here" }
facts: { topic: a, format: protobuf }
output: { topic: out.all, format: protobuf }
`

test('what comes out is read as what Google’s library reads of the bytes that came in', async () => {
  const all = await readFile(place('values.proto'))
  const view = viewOf({ message: all.messages[0].message, file: all })
  const schemas = { facts: view, dimensions: [], rights: [] }
  const codec = createPipelineCodec(parsePipeline(PIPELINE, 'p', {}), schemas, null)
  const { values } = codec.sources[0]
  const readOutput = reading(codec.outputs[0].view!)
  compare((message) => {
    const value = bytesOf(Buffer.concat([FIRST, message]))
    const reader = values.reader(value, 0, value.length, 0, 0) as ValueReader
    const reason = reader.read(0, value, 0, value.length)
    if (reason !== null) return `${reason} ${reader.fault}`
    reader.select(0)
    if (reader.fate !== TAKEN) return reader.failure
    const target = bytesOf(Buffer.alloc(reader.projectedBytes))
    reader.project(target, 0)
    return readOutput(target)
  })
})
