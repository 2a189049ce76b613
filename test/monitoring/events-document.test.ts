import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { eventsDocument } from './events-document.ts'

test('EVENTS.md is what the table of events says', () => {
  const written = readFileSync(new URL('../../src/watch/EVENTS.md', import.meta.url), 'utf8')
  assert.equal(written, eventsDocument(), 'npm run monitoring writes it anew')
})
