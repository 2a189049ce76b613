import assert from 'node:assert/strict'
import { test } from 'node:test'
import { redacted } from '../../src/config/redact.ts'
import { pipelineWith } from '../support/pipeline.ts'

const readTokenOf = (value: string): string | null =>
  pipelineWith('', `http: { readToken: ${value} }`).http.readToken

test('who may see records is a token, or off, or everybody', () => {
  assert.equal(readTokenOf('abc'), 'abc')
  assert.equal(readTokenOf('off'), 'off')
  assert.equal(pipelineWith().http.readToken, null)
})

test('a token that came to nothing does not open the records that somebody meant to close', () => {
  for (const value of ['""', '"${READ_TOKEN:-}"', 'null', 'false']) {
    assert.throws(() => readTokenOf(value), /http\.readToken/, value)
  }
  assert.throws(() => readTokenOf('""'), /http\.readToken: is empty/)
})

test('the token is shown nowhere', () => {
  const { http } = redacted(pipelineWith('', 'http: { readToken: abc }'))
  assert.equal(http.readToken, '<redacted>')
  assert.equal(redacted(pipelineWith()).http.readToken, null)
})
