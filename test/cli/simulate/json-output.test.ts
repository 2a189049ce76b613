/** Cases of a pipeline whose output is JSON, as `stream-enricher test` sees them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-json-'))
after(() => rmSync(folder, { recursive: true }))
const FILE = join(folder, 'one.test.yaml')

const SCHEMA = {
  type: 'record',
  name: 'Reading',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'at', type: { type: 'long', logicalType: 'timestamp-micros' } },
    {
      name: 'price',
      type: { type: 'bytes', logicalType: 'decimal', precision: 40, scale: 2 },
    },
  ],
}
writeFileSync(join(folder, 'reading.avsc'), JSON.stringify(SCHEMA))
writeFileSync(
  join(folder, 'pipeline.yaml'),
  `name: json
kafka: { brokers: "localhost:9092" }
facts: { topic: readings, schema: reading.avsc }
outputs:
  all: { topic: readings.avro, schemaId: 1 }
  json: { topic: readings.json, format: json, select: { number: id, at: at, price: price } }
`,
)

/** The case of one reading. @param json what is expected of the JSON output */
function run(json: string) {
  const text = `pipeline: pipeline.yaml
cases:
  - name: one
    given: [{ fact: { value: { id: 9007199254740993, at: 2025-01-31T12:00:00Z, price: "\\u0004\\u00e2" } } }]
    expect:
      outputs:
        - { to: all, contains: { id: 9007199254740993 } }
        - { to: json, ${json} }
`
  writeFileSync(FILE, text)
  const command = ['--import', 'tsx', 'src/main.ts', 'test', FILE]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('the JSON of an output is compared as it is, numbers to the digit', () => {
  const { code, out, err } = run(
    'value: { number: 9007199254740993, at: "2025-01-31T12:00:00.000000Z", price: 12.50 }',
  )
  assert.equal(code, 0, out + err)
  const other = run('contains: { number: 9007199254740992, at: "2025-01-31T12:00:00Z" }')
  assert.equal(other.code, 1)
  assert.match(other.out, /number\n +expected "9007199254740992"\n +got +"9007199254740993"/)
  assert.match(other.out, /got +"2025-01-31T12:00:00\.000000Z"/)
})

test('a field that the JSON has not, and one that is left out, are faults of the file', () => {
  const { code, err } = run('value: { numbr: 1, at: "" }')
  assert.equal(code, 78)
  assert.deepEqual(err.trim().split('\n'), [
    `${FILE}:8: cases.0.expect.outputs.1.value.numbr: there is no such field; did you mean "number"?`,
    `${FILE}:8: cases.0.expect.outputs.1.value: has no number, price`,
  ])
})
