/** Test cases of a pipeline whose facts are joined with nothing. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'

const scratch = mkdtempSync(join(tmpdir(), 'stream-enricher-fixture-'))
after(() => rmSync(scratch, { recursive: true }))

const ORDER =
  'order_id: o1, customer_id: 7, product_id: 3, quantity: 2, price: 1, channel: web, ordered_at: 0'
const CUSTOMER = 'customer_id: 7, name: Ann, segment: smb, country: SE, updated_at: 0'

const FILE = join(scratch, 'one.test.yaml')

/** A case of the pipeline, run. @param changes of the pipeline file */
function run(cases: string, pipeline = 'examples/enrich/pipeline.yaml') {
  const text = `pipeline: ${resolve(pipeline)}
dimensions: { customer: [{ key: 7, value: { ${CUSTOMER} } }] }
cases: [{ name: one, ${cases} }]
`
  writeFileSync(FILE, text)
  const command = ['--import', 'tsx', 'src/main.ts', 'test', FILE]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('a right record, facts that come out alone and rejects of a right record are faults of the file', () => {
  const { code, out, err } = run(
    `given: [{ right: { value: { order_id: o1 } } }],
  expect: { unmatched: [{ contains: { order_id: o1 } }], rejects: [{ from: right, reason: late }] }`,
  )
  assert.equal(code, 78)
  assert.equal(out, '')
  assert.deepEqual(err.trim().split('\n'), [
    `${FILE}:3: cases.0.given.0.right: the pipeline has no join, so there is no right record`,
    `${FILE}:4: cases.0.expect.unmatched: the pipeline has no join: facts are outputs`,
    `${FILE}:4: cases.0.expect.rejects.0.from: right is none of fact, customer, product`,
  ])
})

test('a key that is not the one expected is shown, and so is an output without one', () => {
  const differs = run(
    `given: [{ fact: { key: a, value: { ${ORDER} } } }],
  expect: { outputs: [{ key: null, contains: { order_id: o1 } }] }`,
  )
  assert.equal(differs.code, 1)
  assert.match(differs.out, /output\n +expected \{"order_id":"o1"\}\n +got +nothing/)
  assert.match(differs.out, /output a\n +expected nothing/)
  const none = run(`given: [{ fact: { value: { ${ORDER} } } }], expect: {}`)
  assert.match(none.out, /✗ one\n +output\n +expected nothing\n +got +\{"order_id":"o1"/)
})

test('a fact without its row is dropped, and named by its key as the format shows it', () => {
  const file = join(scratch, 'pipeline.yaml')
  const schemas = resolve('examples/orders/schemas')
  writeFileSync(
    file,
    `name: job
kafka: { brokers: "localhost:1" }
facts: { topic: orders, schema: ${schemas}/order.avsc, keyFormat: long }
dimensions:
  customer: { topic: customers, schema: ${schemas}/customer.avsc, on: customer_id, missing: drop, select: [name] }
output: { topic: completed, schemaId: 1 }
`,
  )
  const { code, out } = run(
    `given: [{ fact: { key: 5, value: { ${ORDER} } } }, { fact: { key: 6, value: { ${ORDER.replace('7', '8')} } } }],
  expect: { outputs: [{ key: 5, contains: { name: Ann } }], drops: [{ from: fact, key: 6, reason: missing }] }`,
    file,
  )
  assert.match(out, /1 case passed/)
  assert.equal(code, 0)
})

test('the schema of Avro keys, which nothing else needs, has to be named for a key to be given', () => {
  const file = join(scratch, 'avro.yaml')
  const schemas = resolve('examples/orders/schemas')
  const text = (more: string): string => `name: job
kafka: { brokers: "localhost:1" }
facts: { topic: orders, schema: ${schemas}/order.avsc, keyFormat: avro${more} }
dimensions: { customer: { topic: customers, schema: ${schemas}/customer.avsc, on: customer_id, select: [name] } }
output: { topic: completed, schemaId: 1 }
`
  const cases = `given: [{ fact: { key: k, value: { ${ORDER} } } }],
  expect: { outputs: [{ key: k, contains: { name: Ann } }] }`
  writeFileSync(file, text(''))
  const { code, err } = run(cases, file)
  assert.equal(code, 78)
  assert.match(err, /cases\.0\.given\.0\.fact\.key: the keys’ schema is not known: .*keySchema/)
  writeFileSync(join(scratch, 'key.avsc'), '"string"')
  writeFileSync(file, text(', keySchema: key.avsc'))
  assert.equal(run(cases, file).code, 0)
})

test('of several outputs each record is expected where it goes, and one that is not known is a fault', () => {
  const file = join(scratch, 'outputs.yaml')
  const schemas = resolve('examples/orders/schemas')
  writeFileSync(
    file,
    `name: job
kafka: { brokers: "localhost:1" }
facts: { topic: orders, schema: ${schemas}/order.avsc }
dimensions: { customer: { topic: customers, schema: ${schemas}/customer.avsc, on: customer_id, select: [name] } }
outputs:
  all: { topic: all, schemaId: 1 }
  by-customer: { topic: by-customer, schemaId: 2, key: customer_id, select: { who: name, order_id: order_id } }
`,
  )
  const given = `given: [{ fact: { key: o1, value: { ${ORDER} } } }]`
  const { code, out } = run(
    `${given}, expect: { outputs: [
      { to: by-customer, key: 7, value: { who: Ann, order_id: o1 } }, { to: all, key: o1, contains: { name: Ann } }] }`,
    file,
  )
  assert.match(out, /1 case passed/)
  assert.equal(code, 0)
  const differs = run(`${given}, expect: { outputs: [{ to: all, contains: {} }] }`, file)
  assert.match(differs.out, /output to by-customer 7\n +expected nothing\n +got +\{"who":"Ann"/)
  const { err } = run(
    `${given}, expect: { outputs: [{ to: al, contains: {} }, { contains: {} }], unmatched: [{ to: all, contains: {} }] }`,
    file,
  )
  assert.match(
    err,
    /outputs\.0\.to: there is no output al; did you mean "all"\?; the outputs are all/,
  )
  assert.match(err, /outputs\.1: needs to, for the outputs are all, by-customer/)
  assert.match(err, /expect\.unmatched: there are several outputs/)
})

test('times are text with a zone; one that is none is rejected, one too far ahead is taken by its timestamp', () => {
  const file = join(scratch, 'texts.yaml')
  const fields = '[{ "name": "id", "type": "string" }, { "name": "at", "type": "string" }]'
  writeFileSync(
    join(scratch, 'event.avsc'),
    `{ "type": "record", "name": "Event", "fields": ${fields} }`,
  )
  writeFileSync(
    file,
    `name: job
kafka: { brokers: "localhost:1" }
facts: { topic: orders, schema: event.avsc, time: at, ahead: 10s, early: timestamp, startAt: latest }
dimensions:
  customer: { topic: customers, schema: ${resolve('examples/orders/schemas')}/customer.avsc, on: id, select: [name] }
output: { topic: completed, schemaId: 1 }
`,
  )
  const fact = (id: string, at: string, more = ''): string =>
    `{ fact: { ${more}value: { id: ${id}, at: "${at}" } } }`
  const { code, out, err } = run(
    `given: [
    ${fact('a', '2026-01-31T13:00:00.123456+01:00')},
    ${fact('b', '2026-01-31T12:00:00', 'timestamp: "2026-01-31T12:00:01Z", ')},
    ${fact('c', '2027-01-31T12:00:00Z', 'timestamp: "2026-01-31T12:00:02Z", ')},
  ],
  expect: {
    outputs: [
      { contains: { id: a }, timestamp: "2026-01-31T12:00:00.123Z" },
      { contains: { id: c, at: "2027-01-31T12:00:00Z" }, timestamp: "2026-01-31T12:00:02Z" },
    ],
    rejects: [{ from: fact, reason: bad_time }],
  }`,
    file,
  )
  assert.match(out, /1 case passed/, out + err)
  assert.equal(code, 0)
})
