import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isScalar, parseDocument } from 'yaml'
import { offsetIn } from '../../src/config/scalar-offset.ts'

/** What stands in the file where the value has its first `mark`. */
function lineAt(text: string, mark: string): string {
  const node = parseDocument(text).getIn(['where'], true)
  assert.ok(isScalar(node))
  const value = String(node.value)
  const at = value.indexOf(mark)
  assert.ok(at >= 0, value)
  return text.slice(offsetIn(text, node.range![0], value, at)).split('\n')[0]
}

test('a place in a value is found in the file, however the value is written', () => {
  assert.equal(lineAt('where: a > 0 && b < 1', 'b <'), 'b < 1')
  assert.equal(lineAt("where: 'a == \"it''s\" && b < 1'", 'b <'), "b < 1'")
  assert.equal(lineAt('where: "a == \\"x\\" && b < 1"', 'b <'), 'b < 1"')
  assert.equal(lineAt('where: a > 0 &&\n  b < 1', 'b <'), 'b < 1')
  assert.equal(lineAt('where: >\n  a > 0 &&\n  b < 1', 'b <'), 'b < 1')
  assert.equal(lineAt('where: |\n  a > 0 &&\n    b < 1\nother: b < 2', 'b <'), 'b < 1')
  assert.equal(lineAt('where: >-\r\n  a  > 0 &&\r\n  b < 1', 'b <'), 'b < 1')
})

test('where the value is not what stands there, the place is where it begins', () => {
  assert.equal(offsetIn('where: ${LIMIT} > 1', 7, 'amount > 1', 9), 7)
})
