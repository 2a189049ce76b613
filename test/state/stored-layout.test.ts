import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { ChangelogHeader } from '../../src/state/changelog.ts'
import { hasEpochs, storedLayouts } from '../../src/state/stored-layout.ts'

const header = (layout: string, schemaIds: number[], left: number): ChangelogHeader => ({
  layout,
  schemaIds,
  offsets: [left, -1],
  streamTime: 0,
  closedBefore: [],
  nextPage: 0,
})
const layouts = (last: (ChangelogHeader | undefined)[], announced: ChangelogHeader[]) =>
  storedLayouts({ last: new Map(last.entries()), announced }).map(({ layout, schemaIds }) => [
    layout,
    ...schemaIds,
  ])

test('what epochs are stored in counts, with its schemas from a partition that has them', () => {
  const announced = [header('other', [9], -1)]
  const last = [undefined, header('one', [], 5), header('one', [1, 2], 7)]
  assert.deepEqual(layouts(last, announced), [['one', 1, 2]])
  assert.deepEqual(layouts([header('one', [], 5)], announced), [['one']])
})

test('before the first epoch the layouts that were announced count, in their order', () => {
  const announced = [header('one', [1], -1), header('two', [2], -1)]
  assert.deepEqual(layouts([undefined, undefined], announced), [
    ['one', 1],
    ['two', 2],
  ])
  assert.equal(hasEpochs({ last: new Map([[0, undefined]]), announced }), false)
  assert.deepEqual(layouts([], []), [])
})
