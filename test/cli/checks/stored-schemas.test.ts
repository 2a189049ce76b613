import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newerSchemaSteps } from '../../../src/cli/checks/steps.ts'
import { checkStored } from '../../../src/cli/checks/stored-schemas.ts'

const newer = { topic: 'orders', id: 3, latestId: 7, fault: null }

test('a newer schema is named with the one that is read with, and how to take it', () => {
  const [step] = newerSchemaSteps([newer])
  assert.equal(step.kind, 'keep')
  assert.match(step.detail, /^orders has a newer schema \(id 7\) and is read with 3,/)
  assert.match(step.detail, /new fields are not read; to take it, .*stream-enricher reset/)
  const [found] = checkStored(['a'], 'a', [newer])
  assert.equal(found.mark, 'warn')
  assert.match(found.remedy!, /stream-enricher reset/)
})

test('what is written with a newer schema that cannot be read is said to be rejected', () => {
  const unreadable = { ...newer, fault: 'it has no default' }
  assert.equal(newerSchemaSteps([unreadable])[0].kind, 'change')
  assert.match(checkStored([], 'a', [unreadable])[0].detail, /is rejected \(it has no default\)/)
})

test('a window of another pipeline fails the check, one of this layout is not spoken of', () => {
  const [found] = checkStored(['b', 'a'], 'a', [])
  assert.deepEqual([found.mark, found.what], ['fail', 'window'])
  assert.deepEqual(checkStored(['a', 'a'], 'a', []), [])
})
