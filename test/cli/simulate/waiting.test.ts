/** Test cases of pipelines whose facts wait for a row. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'

const scratch = mkdtempSync(join(tmpdir(), 'stream-enricher-waiting-'))
after(() => rmSync(scratch, { recursive: true }))

const FILE = join(scratch, 'pipeline.yaml')
const CASES = join(scratch, 'pipeline.test.yaml')
const schemas = resolve('examples/orders/schemas')
const order = (id: string, customer: number, time: string): string =>
  `{ key: ${id}, value: { order_id: ${id}, customer_id: ${customer}, product_id: 3, quantity: 2, price: 1, channel: web, ordered_at: ${time} } }`
const ANN =
  '{ dimension: customer, key: 7, value: { customer_id: 7, name: Ann, segment: smb, country: SE, updated_at: 0 } }'

/** @param missing of the dimension. @param more of the pipeline file */
function run(missing: string, cases: string, more = '') {
  writeFileSync(
    FILE,
    `name: job
kafka: { brokers: "localhost:1" }
facts: { topic: orders, schema: ${schemas}/order.avsc, time: ordered_at, select: [order_id] }
dimensions:
  customer: { topic: customers, schema: ${schemas}/customer.avsc, on: customer_id, missing: ${missing}, select: [name] }
${more}output: { topic: completed, schemaId: 1 }
`,
  )
  writeFileSync(CASES, `pipeline: pipeline.yaml\ncases:\n${cases}`)
  const command = ['--import', 'tsx', 'src/main.ts', 'test', CASES]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
}

const at = (seconds: number): string => new Date(Date.UTC(2025, 0, 1, 12, 0, seconds)).toISOString()

test('a fact comes out with a row that comes in time, else without it: after the wait of event time, of silence, or when the case is over', () => {
  run(
    '{ wait: 5s, then: null }',
    `
  - name: its row comes in time, and a later fact comes out before it
    given: [{ fact: ${order('o1', 7, at(0))} }, { fact: ${order('o2', 8, at(1))} }, { row: ${ANN} }]
    expect:
      outputs: [{ key: o1, contains: { name: Ann } }, { key: o2, contains: { name: null } }]
  - name: stream time passes the wait
    given: [{ fact: ${order('o1', 7, at(0))} }, { fact: ${order('o2', 7, at(6))} }, { row: ${ANN} }]
    expect:
      outputs: [{ key: o1, contains: { name: null } }, { key: o2, contains: { name: Ann } }]
  - name: the clock passes the wait while nothing comes
    given: [{ fact: ${order('o1', 7, at(0))} }, { wait: 5s }, { row: ${ANN} }]
    expect: { outputs: [{ key: o1, contains: { name: null } }] }
  - name: the case is over
    given: [{ fact: ${order('o1', 7, at(0))} }]
    expect: { outputs: [{ key: o1, contains: { name: null } }] }
`,
  )
})

test('a fact that has waited in vain is dropped or rejected, by its key', () => {
  const given = `given: [{ fact: ${order('o1', 7, at(0))} }]`
  run(
    '{ wait: 5s, then: drop }',
    `
  - { name: dropped, ${given}, expect: { drops: [{ from: fact, key: o1, reason: missing }] } }
`,
  )
  run(
    '{ wait: 5s, then: reject }',
    `
  - { name: rejected, ${given}, expect: { rejects: [{ from: fact, key: o1, reason: missing_dimension }] } }
`,
  )
})

test('a fact that has waited meets its match, though both would be late without the wait', () => {
  run(
    '{ wait: 5s, then: null }',
    `
  - name: another order has moved stream time on by four seconds
    given:
      - fact: ${order('o1', 7, at(0))}
      - right: { value: { order_id: o1, method: card, amount: 1, paid_at: ${at(0)} } }
      - fact: ${order('o2', 8, at(4))}
      - row: ${ANN}
    expect: { outputs: [{ key: o1, contains: { name: Ann, method: card } }] }
`,
    `join: { topic: payments, schema: ${schemas}/payment.avsc, time: paid_at, on: order_id, within: 1s, select: [method] }\n`,
  )
})
