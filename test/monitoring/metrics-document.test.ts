import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { metricsDocument } from './metrics-document.ts'

test('METRICS.md is what the table of metrics says', () => {
  const written = readFileSync(new URL('../../src/watch/METRICS.md', import.meta.url), 'utf8')
  assert.equal(written, metricsDocument(), 'npm run monitoring writes it anew')
})
