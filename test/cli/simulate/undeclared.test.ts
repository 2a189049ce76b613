/** Cases of a pipeline of JSON without schemas, as `stream-enricher test` sees them. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-undeclared-'))
after(() => rmSync(folder, { recursive: true }))

writeFileSync(
  join(folder, 'pipeline.yaml'),
  `name: undeclared
kafka: { brokers: "localhost:9092" }
facts: { topic: orders, format: json, time: at }
dimensions:
  shop: { topic: shops, format: json, on: shop.id, select: [title] }
  region: { topic: regions, format: json, on: place, key: area.code, select: [tax], missing: reject }
join: { topic: payments, format: json, on: id, within: 1m, kind: left, time: { field: at, unit: us }, select: [amount] }
outputs:
  all: { topic: out, format: json }
  by_title: { topic: titles, format: json, select: [title, amount], key: title }
`,
)
writeFileSync(
  join(folder, 'one.test.yaml'),
  `pipeline: pipeline.yaml
cases:
  - name: members come out as they came, beside those of rows and right records
    given:
      - row: { dimension: shop, key: "7", value: { title: "Grüße\\n", other: 1 } }
      - row: { dimension: region, key: null, value: { area: { code: DE }, tax: { rate: 1.9 } } }
      - fact: { key: A1, value: { id: A1, shop: { id: 7, x: [] }, place: DE, at: "2026-01-31T12:00:00+01:00", tax: 5, none: null } }
      - right: { key: A1, value: { id: A1, amount: [12.50], at: 1769857205000000 } }
      - fact: { key: "2", value: { id: 2, shop: none, place: DE, at: 1769857201000 } }
      - fact: { key: "2", value: { id: 2, place: DE, at: 1769857201000 } }
      - fact: { key: "3", value: { id: 3, place: FR, at: 1769857202000 } }
      - fact: { key: "4", value: { id: 4, place: DE, at: "2026-01-31" } }
      - fact: { key: "5", base64: WzFd }
    expect:
      outputs:
        - { to: all, key: A1, timestamp: 2026-01-31T11:00:05Z, value: { id: A1, shop: { id: 7, x: [] }, place: DE, at: "2026-01-31T12:00:00+01:00", none: null, title: "Grüße\\n", tax: { rate: 1.9 }, amount: [12.5] } }
        - { to: by_title, key: "Grüße\\n", value: { title: "Grüße\\n", amount: [12.5] } }
      rejects:
        - { from: fact, key: "2", reason: incompatible_schema }
        - { from: fact, key: "3", reason: missing_dimension }
        - { from: fact, key: "4", reason: bad_time }
        - { from: fact, key: "5", reason: malformed }
`,
)

test('members, paths into objects, keys in values and times of both forms are what their values are', () => {
  const command = ['--import', 'tsx', 'src/main.ts', 'test', join(folder, 'one.test.yaml')]
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { encoding: 'utf8' })
  assert.equal(status, 0, stdout + stderr)
})
