/** Fixture files as `stream-enricher test` sees them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'

const FILE = 'examples/orders/pipeline.test.yaml'
const scratch = mkdtempSync(join(tmpdir(), 'stream-enricher-fixture-'))
after(() => rmSync(scratch, { recursive: true }))

/** The orders fixture with some texts replaced. */
function changed(...changes: [string, string][]): string {
  let text = readFileSync(FILE, 'utf8')
  const pipeline = resolve('examples/orders/pipeline.yaml')
  for (const [from, to] of [['pipeline: pipeline.yaml', `pipeline: ${pipeline}`], ...changes]) {
    assert.ok(text.includes(from), from)
    text = text.replace(from, to)
  }
  const file = join(scratch, 'changed.test.yaml')
  writeFileSync(file, text)
  return file
}

function run(...files: string[]): { code: number | null; out: string; err: string } {
  const command = ['--import', 'tsx', 'src/main.ts', 'test', ...files]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('cases that pass end with 0', () => {
  const { code, out } = run(FILE, FILE)
  assert.equal(code, 0)
  assert.match(out, / {2}✓ a payment may come before its order\n/)
  assert.match(out, /\n16 cases passed\n$/)
})

test('cases that fail end with 1 and show what was expected and what came', () => {
  const { code, out } = run(
    changed(
      ['amount: 39\n', 'amount: 40\n'],
      ['{ customer_name: Anna, segment: public }', '{ customer_name: Ann, segment: public }'],
      ['key: null, reason: null_key', 'key: null, reason: null_value'],
      ['    expect: {}', '    expect: { outputs: [{ key: o1, contains: { order_id: o1 } }] }'],
      ['      - wait: 90s', '      - wait: 60s'],
      ['reason: late', 'reason: missing'],
    ),
  )
  assert.equal(code, 1)
  assert.equal(
    out.split('\n').slice(1).join('\n'),
    `  ✗ a paid order comes out with its customer, its product and its payment
      output o1: amount
        expected 40
        got      39
  ✓ a payment may come before its order
  ✓ an order of an unknown customer has nulls
  ✗ an unpaid order comes out alone, once the inputs have been silent
      unmatched o1
        expected {"customer_name":"Ann","method":null,"amount":null,"paid_at":null}
        got      nothing
  ✗ before that it waits
      output o1
        expected {"order_id":"o1"}
        got      nothing
  ✗ a payment that is too late finds its order closed
      drop of right o1
        expected missing
        got      late
  ✗ a customer's change is seen by later orders only
      output o2: customer_name
        expected "Ann"
        got      "Anna"
  ✗ what cannot be processed is rejected with its reason
      reject of fact
        expected null_value
        got      null_key: The record has no key

6 of 8 cases failed
`,
  )
})

test('what comes and is not expected fails a case', () => {
  const { code, out } = run(
    changed([
      'drops: [{ from: right, key: o1, reason: late }]',
      '# drops: [{ from: right, key: o1, reason: late }]',
    ]),
  )
  assert.equal(code, 1)
  assert.match(out, /drop of right o1\n +expected nothing\n +got {6}late\n/)
})

test('a wrong fixture file ends with 78 and a line for each fault, before any case runs', () => {
  const { code, out, err } = run(
    FILE,
    changed(
      ['brand: Hot', 'brnd: Hot'],
      ['quantity: 2\n', 'quantity: two\n'],
      [
        'timestamp: 2025-01-01T12:00:20Z\n          value: &',
        'timestamp: noon\n          value: &',
      ],
      ['contains: { method: null }', 'contains: { metod: null }'],
      ['dimension: customer\n', 'dimension: custom\n'],
      ['from: product', 'from: products'],
    ),
  )
  assert.equal(code, 78)
  assert.equal(out, '')
  const lines = err.trim().split('\n')
  const written = readFileSync(join(scratch, 'changed.test.yaml'), 'utf8').split('\n')
  const at = (part: string): string =>
    `${scratch}/changed.test.yaml:${1 + written.findIndex((line) => line.includes(part))}`
  const others = lines.filter((line) => !line.includes('quantity'))
  assert.deepEqual(others, [
    `${at('brnd')}: dimensions.product.0.value.brnd: there is no such field; did you mean "brand"?`,
    `${at('brnd')}: dimensions.product.0.value: has no brand`,
    `${at('timestamp: noon')}: cases.0.given.1.right.timestamp: "noon" is not a time; write 2025-01-31T12:00:00Z`,
    `${at('metod')}: cases.5.expect.unmatched.0.contains.metod: there is no such field; did you mean "method"?`,
    `${at('dimension: custom')}: cases.6.given.1.row.dimension: there is no dimension custom; did you mean "customer"?`,
    `${at('from: products')}: cases.7.expect.rejects.5.from: products is none of fact, right, customer, product; did you mean "product"?`,
  ])
  assert.ok(
    lines.includes(
      `${at('quantity: two')}: cases.0.given.0.fact.value.quantity: "two" is not an int`,
    ),
  )
})

test('a pipeline file that is not there is told with the line that names it', () => {
  const { code, err } = run(changed(['orders/pipeline.yaml', 'orders/pipelines.yaml']))
  assert.equal(code, 78)
  assert.match(
    err,
    /^\S+changed\.test\.yaml:\d+: pipeline: the file examples\/orders\/pipelines\.yaml does not exist\n$/,
  )
})

test('keys that no fixture file has are told, and a file that is not there', () => {
  const { code, err } = run(changed(['      - wait: 89s', '      - wait: 89s\n      - factt: {}']))
  assert.equal(code, 78)
  assert.match(err, /:\d+: cases\.4\.given\.2\.factt: unknown key; did you mean "fact"\?/)
  const missing = run(join(scratch, 'nowhere.yaml'))
  assert.equal(missing.code, 78)
  assert.match(
    missing.err,
    /^The fixture file \S+nowhere\.yaml does not exist; correct its name\n$/,
  )
  assert.equal(run().code, 2)
})

test('a pipeline file in place of test cases is told, not searched for faults', () => {
  const { code, err } = run('examples/orders/pipeline.yaml')
  assert.equal(code, 78)
  assert.match(err, /^pipeline\.yaml is a pipeline file, and test cases are wanted: .*`cases:`/)
  assert.equal(err.trim().split('\n').length, 1)
})

test('dates are text, and whole numbers that a double does not hold keep their digits', () => {
  const field = (name: string, type: object | string): object => ({ name, type })
  const date = { type: 'int', logicalType: 'date' }
  const nanos = { type: 'long', logicalType: 'timestamp-nanos' }
  const schemas = {
    fact: [field('id', 'long'), field('born', date), field('at', nanos)],
    right: [field('order', 'long'), field('paid', ['null', date]), field('d', 'double')],
  }
  for (const [name, fields] of Object.entries(schemas)) {
    writeFileSync(join(scratch, `${name}.avsc`), JSON.stringify({ type: 'record', name, fields }))
  }
  writeFileSync(
    join(scratch, 'dates.yaml'),
    `name: p
kafka: { brokers: "localhost:9092" }
facts: { topic: f, schema: fact.avsc, time: at }
join: { topic: r, schema: right.avsc, on: { left: id, right: order }, within: 60s }
output: { topic: o, schemaId: 1 }
`,
  )
  const file = join(scratch, 'dates.test.yaml')
  writeFileSync(
    file,
    `pipeline: dates.yaml
cases:
  - name: big
    given:
      - fact: { value: { id: 9007199254740993, born: 1999-12-31, at: "2025-01-01T00:00:00.123456789Z" } }
      - right: { timestamp: 2025-01-01T00:00:01Z, value: { order: 9007199254740993, paid: 2024-02-29, d: 18014398509481985 } }
    expect:
      outputs:
        - key: 9007199254740993
          value:
            { id: 9007199254740993, born: 1999-12-31, at: "2025-01-01T00:00:00.123456789Z", order: 9007199254740993, paid: 2024-02-29, d: 18014398509481985 }
`,
  )
  const { code, out, err } = run(file)
  assert.equal(code, 0, out + err)
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll('9007199254740993', '9007199254740992'))
  assert.equal(run(file).code, 0)
  writeFileSync(file, readFileSync(file, 'utf8').replace('2024-02-29', '2023-02-29'))
  assert.match(run(file).err, /"2023-02-29" is not a date; write 2025-01-31, or a number/)
})

test('a time before the first date that there is rejects its record, and moves nothing', () => {
  const field = (name: string): object => ({ name, type: 'long' })
  const schema = (name: string, fields: object[]): void =>
    writeFileSync(join(scratch, `${name}.avsc`), JSON.stringify({ type: 'record', name, fields }))
  schema('early', [field('id'), field('at')])
  schema('other', [field('order')])
  writeFileSync(
    join(scratch, 'early.yaml'),
    `name: p
kafka: { brokers: "localhost:9092" }
facts: { topic: f, schema: early.avsc, time: at }
join: { topic: r, schema: other.avsc, on: { left: id, right: order }, within: 60s, kind: left, early: drop }
output: { topic: o, schemaId: 1 }
`,
  )
  const file = join(scratch, 'early.test.yaml')
  writeFileSync(
    file,
    `pipeline: early.yaml
cases:
  - name: the least long, and PostgreSQL's -infinity
    given:
      - fact: { timestamp: 2025-01-01T00:00:00Z, value: { id: 1, at: -9223372036854775808 } }
      - fact: { timestamp: 2025-01-01T00:00:00Z, value: { id: 2, at: -9223372036832400 } }
      - fact: { value: { id: 3, at: 2025 } }
      - wait: 120s
    expect:
      unmatched: [{ key: 3 }]
      rejects:
        - { from: fact, key: 1, reason: too_old }
        - { from: fact, key: 2, reason: too_old }
`.replaceAll('{ key: 3 }', '{ key: 3, contains: { id: 3 } }'),
  )
  const { code, out, err } = run(file)
  assert.equal(code, 0, out + err)
})
