import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pipelineSchema } from '../../src/config/schema.ts'
import { LIMITS_FILE, LIMITS_HEAD, limitsTable } from './limits-document.ts'

const FILE = 'pipeline.schema.json'

test('pipeline.schema.json, which editors use, is what `stream-enricher schema` prints', () => {
  for (const file of [FILE, `helm/stream-enricher/files/${FILE}`]) {
    const text = `${JSON.stringify(pipelineSchema, null, 2)}\n`
    assert.equal(readFileSync(file, 'utf8'), text, 'npm run monitoring writes it')
  }
})

test('pipeline.schema.json is in the package', () => {
  const { files } = JSON.parse(readFileSync('package.json', 'utf8'))
  assert.ok(files.includes(FILE))
})

test('docs/limits.md has all that a pipeline file cannot say', () => {
  const text = readFileSync(LIMITS_FILE, 'utf8')
  assert.ok(text.includes(`${LIMITS_HEAD}${limitsTable()}\n\n`), 'npm run monitoring writes it')
})
