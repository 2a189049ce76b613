/** The table of error codes, against kafkajs's own, and against what requests ask of it. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import kafkajsErrors from 'kafkajs/src/protocol/error.js'
import { BROKER_ERRORS, brokerError, errorOfCode } from '../../src/broker/broker-errors.ts'
import { ERROR_TABLE } from '../../src/broker/error-table.ts'
import { asError } from '../../src/broker/topic-arrays.ts'
import { ERRORS } from '../../src/errors.ts'

const FOLDER = 'src/broker'
const sources = new Map(
  readdirSync(FOLDER).map((file) => [file, readFileSync(`${FOLDER}/${file}`, 'utf8')]),
)
const { errorCodes } = kafkajsErrors as {
  errorCodes: readonly { readonly type: string; readonly code: number }[]
}

/** What Kafka calls otherwise by now. */
const RENAMED: Readonly<Record<string, string>> = {
  UNKNOWN: 'UNKNOWN_SERVER_ERROR',
  NOT_LEADER_FOR_PARTITION: 'NOT_LEADER_OR_FOLLOWER',
  GROUP_LOAD_IN_PROGRESS: 'COORDINATOR_LOAD_IN_PROGRESS',
  GROUP_COORDINATOR_NOT_AVAILABLE: 'COORDINATOR_NOT_AVAILABLE',
  NOT_COORDINATOR_FOR_GROUP: 'NOT_COORDINATOR',
}

test('codes have the names and numbers that kafkajs gives them, or Kafka’s newer names', () => {
  assert.ok(errorCodes.length > 80)
  for (const { type, code } of errorCodes) {
    assert.equal(errorOfCode(code).name, RENAMED[type] ?? type, String(code))
  }
})

test('no two rows have one number, and the numbers have no gap', () => {
  const codes = [...BROKER_ERRORS.keys()].sort((a, b) => a - b)
  assert.equal(codes.length, Object.keys(ERROR_TABLE).length)
  assert.deepEqual(codes, [-1, ...Array.from({ length: 120 }, (_, i) => i + 1)])
})

test('every row says when a broker answers so', () => {
  const lines = sources.get('error-table.ts')!.split('\n')
  const silent = lines.filter((line, i) => {
    return /^ {2}[A-Z_]+: \[/.test(line) && !lines[i - 1].startsWith('  // ')
  })
  assert.deepEqual(silent, [])
})

test('a refusal alone has a sentence', () => {
  const odd = [...BROKER_ERRORS.values()].filter(
    ({ meaning, sentence }) => sentence !== undefined && meaning !== 'refused',
  )
  assert.deepEqual(odd, [])
})

test('every code that a request treats is in the table, by its name', () => {
  for (const [file, text] of sources) {
    const names = [...text.matchAll(/'([A-Z]+(?:_[A-Z]+)+)'/g)].map(([, name]) => name)
    const unknown = names.filter((name) => !(name in ERROR_TABLE) && !(name in ERRORS))
    assert.deepEqual(unknown, [], file)
    const byNumber = text.match(/\b(?:check|asError)\(-?\d+|\b(?:code|errorCode) [!=]== -?[1-9].*/)
    assert.equal(byNumber, null, file)
  }
})

test('a code that a later broker adds aborts the epoch, under its number', () => {
  const { code, name, meaning } = brokerError(asError(999))!
  assert.deepEqual({ code, name, meaning }, { code: 999, name: 'ERROR_999', meaning: 'abort' })
})

test('an answer is found in what kafkajs wraps it in, and a broken connection is none', () => {
  const wrapped = new Error('Gave up', { cause: asError(16, 'orders') })
  assert.equal(brokerError(wrapped)?.name, 'NOT_COORDINATOR')
  assert.equal(brokerError(new Error('Closed')), undefined)
})
