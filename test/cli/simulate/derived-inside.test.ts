/** Derived fields of a record that contains others of its type. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-derived-'))
after(() => rmSync(folder, { recursive: true }))

const FILES: Readonly<Record<string, string>> = {
  'part.avsc': JSON.stringify({
    type: 'record',
    name: 'Part',
    fields: [
      { name: 'id', type: 'string' },
      { name: 'of', type: ['null', 'Part'], default: null },
    ],
  }),
  'pipeline.yaml': `name: parts
kafka: { brokers: "localhost:9092" }
facts: { topic: parts, schema: part.avsc, fields: { label: '"part " + id' } }
output: { topic: labelled, schemaId: 1 }
`,
  'parts.test.yaml': `pipeline: pipeline.yaml
cases:
  - name: what is derived of a part is none of the parts inside of it
    given:
      - fact: { value: { id: wheel, of: { id: car } } }
    expect:
      outputs: [{ value: { id: wheel, of: { id: car }, label: part wheel } }]
`,
}

test('a record inside of one of its own type has none of the fields that are derived of the outer one', () => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  const args = ['--import', 'tsx', 'src/main.ts', 'test', join(folder, 'parts.test.yaml')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})
