/** A pipeline whose output is in Protobuf: the file that keeps its numbers, and cases, as commands see them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { compile } from '../../../src/cli/compile.ts'
import { outputSchema } from '../../../src/cli/output-schema.ts'
import { loadPipeline } from '../../../src/config/load.ts'
import { typeOfProto } from '../../codec/protobuf/output-model.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-protobuf-'))
after(() => rmSync(folder, { recursive: true }))
const place = (name: string): string => join(folder, name)

const FIELDS = [
  { name: 'id', type: 'long', doc: 'Its number.' },
  { name: 'at', type: { type: 'long', logicalType: 'timestamp-millis' } },
  { name: 'price', type: { type: 'bytes', logicalType: 'decimal', precision: 10, scale: 2 } },
  { name: 'channel', type: { type: 'enum', name: 'Channel', symbols: ['WEB', 'SHOP'] } },
  { name: 'note', type: ['null', 'string'], default: null },
]

function write(fields: readonly object[], more = ''): void {
  writeFileSync(
    place('reading.avsc'),
    JSON.stringify({ type: 'record', name: 'Reading', namespace: 'lab', fields }),
  )
  writeFileSync(
    place('pipeline.yaml'),
    `name: protobuf
kafka: { brokers: "localhost:9092" }
facts: { topic: readings, schema: reading.avsc }
output: { topic: readings.out, format: protobuf, schema: out.proto, schemaId: 7${more} }
`,
  )
}

const load = () => loadPipeline(place('pipeline.yaml'), {})
const numbers = (): Record<string, number> =>
  Object.fromEntries(
    Object.values(typeOfProto(readFileSync(place('out.proto'), 'utf8')).fields).map((field) => [
      field.name,
      field.id,
    ]),
  )

test('a start is refused where a file lacks numbers, which output-schema --write gives, and it never moves one', async () => {
  write(FIELDS)
  assert.ok(!existsSync(place('out.proto')))
  await assert.rejects(
    compile(load()),
    /out\.proto has no number for Channel\.WEB, Channel\.SHOP, id, at, price, …; run `stream/,
  )
  await outputSchema(place('pipeline.yaml'), { write: true })
  await compile(load())
  assert.match(readFileSync(place('out.proto'), 'utf8'), /\/\/ Its number\.\n {2}int64 id = 1;/)
  assert.deepEqual(numbers(), { id: 1, at: 2, price: 3, channel: 4, note: 5 })
  const { type: _, ...channel } = FIELDS[3]
  const symbols = { type: 'enum', name: 'Channel', symbols: ['WEB', 'APP'] }
  write([{ name: 'new', type: 'int' }, { ...channel, type: symbols }, FIELDS[4], FIELDS[0]])
  await assert.rejects(compile(load()), /has no number for Channel\.APP, new; run/)
  await outputSchema(place('pipeline.yaml'), { write: true })
  await compile(load())
  assert.deepEqual(numbers(), { new: 6, channel: 4, note: 5, id: 1 })
})

test('cases speak of the output’s fields, and a record that Protobuf cannot say is rejected', () => {
  rmSync(place('out.proto'), { force: true })
  const cases = (where: string, reject: string): string => {
    write(FIELDS, where)
    writeFileSync(
      place('one.test.yaml'),
      `pipeline: pipeline.yaml
cases:
  - name: one
    given:
      - fact: { value: { id: 9007199254740993, at: 2025-01-31T12:00:00.5Z, price: "\\u0004\\u00e2", channel: SHOP, note: "" } }
      - fact: { value: { id: 2, at: -99999999999999, price: "\\u0004", channel: WEB } }
    expect:
      outputs:
        - value: { id: 9007199254740993, at: 2025-01-31T12:00:00.5Z, price: "\\u0004\\u00e2", channel: SHOP, note: "" }
      rejects:
        - { from: fact, reason: ${reject} }
`,
    )
    const command = ['--import', 'tsx', 'src/main.ts', 'test', place('one.test.yaml')]
    const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
    return `${status} ${stdout}${stderr}`
  }
  // Its parts are messages; with a condition they are Avro's, of which a message is made.
  assert.match(cases('', 'unwritable'), /^0 /)
  assert.match(cases(', where: "true"', 'unwritable'), /^0 /)
  assert.match(cases('', 'malformed'), /^1 [\s\S]*unwritable/)
})
