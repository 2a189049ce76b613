import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { FUNCTION_NAMES } from '../../src/expression/calls.ts'

test('docs/expressions.md has every function, and no other', () => {
  const text = readFileSync('docs/expressions.md', 'utf8')
  const [, table] = /## Functions\n\n\| function[^\n]*\n[^\n]*\n((?:\|[^\n]*\n)+)/.exec(text)!
  // Of each row the first cell; a method stands behind a dot.
  const cells = table.split('\n').map((row) => row.split(' | ')[0])
  const named = cells.flatMap((cell) =>
    [...cell.matchAll(/(?:\b[a-z]\.)?((?:math\.)?\w+)\(/g)].map(([, name]) => name),
  )
  assert.deepEqual([...new Set(named)].sort(), [...FUNCTION_NAMES].sort())
})
