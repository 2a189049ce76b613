import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { pipelineSchema } from '../../src/config/schema.ts'

test('pipeline.schema.json, which editors use, is what `stream-enricher schema` prints', () => {
  const file = new URL('../../pipeline.schema.json', import.meta.url)
  assert.equal(readFileSync(file, 'utf8'), `${JSON.stringify(pipelineSchema, null, 2)}\n`)
})
