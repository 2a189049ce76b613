/** Protobuf without frames, as commands see it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-bare-'))
after(() => rmSync(folder, { recursive: true }))

const FILES: Readonly<Record<string, string>> = {
  'shop.proto': `syntax = "proto3"; package shop;
message Order { string id = 1; int64 customer = 2; }
message Customer { int64 id = 1; string name = 2; }
message Payment { string id = 1; double amount = 2; }`,
  'pipeline.yaml': `name: bare
kafka: { brokers: "localhost:9092" }
facts: { topic: orders, format: protobuf, frame: none, schema: shop.proto, type: Order }
dimensions:
  customer: { topic: customers, format: protobuf, frame: none, schema: shop.proto, type: Customer, on: customer, select: [name] }
join: { topic: payments, format: protobuf, frame: none, schema: shop.proto, type: Payment, on: id, within: 1m, select: [amount] }
output: { topic: paid, format: avro, schemaId: 1 }
`,
  'paid.test.yaml': `pipeline: pipeline.yaml
cases:
  - name: messages of a file, of which none is the first but the facts
    given:
      - row: { dimension: customer, key: "7", value: { id: 7, name: Ada } }
      - fact: { key: a, value: { id: a, customer: 7 } }
      - right: { key: a, value: { id: a, amount: 2.5 } }
    expect:
      outputs: [{ key: a, value: { id: a, customer: 7, name: Ada, amount: 2.5 } }]
`,
}

test('messages that have no frame are of the type that the file names, whatever place it has', () => {
  for (const [name, text] of Object.entries(FILES)) writeFileSync(join(folder, name), text)
  const args = ['--import', 'tsx', 'src/main.ts', 'test', join(folder, 'paid.test.yaml')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})
