/** Orders whose schema was not registered: rejected, retried once it is, and never again. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { type RunningRegistry, startRegistry } from '../support/registry.ts'
import type { ReadRecord } from '../support/topics.ts'
import { Orders } from './orders.ts'
import { frame, read, schemaOf, under, waitFor } from './registered.ts'

const AT = Date.now()
let registry: RunningRegistry
before(async () => {
  registry = await startRegistry()
})
after(() => registry.stop())

function pipelineFile(orders: Orders): string {
  const file = join(orders.folder, 'retried.yaml')
  const lines = [
    `name: ${orders.tag}-retried`,
    `kafka: { brokers: "${orders.env().KAFKA_BROKERS}" }`,
    `registry: { url: "${registry.url}" }`,
    `facts: { topic: ${orders.topic('orders')} }`,
    `output: { topic: ${orders.topic('enriched')}, format: json }`,
    `state: { dir: ${join(orders.folder, 'retried')} }`,
    'http: { port: 0 }',
  ]
  writeFileSync(file, lines.join('\n'))
  return file
}

function rejects(...args: string[]): { code: number | null; said: string } {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ['dist/main.js', 'rejects', ...args],
    { timeout: 60_000, encoding: 'utf8' },
  )
  return { code: status, said: stdout + stderr }
}

/** Each record that was put back is where the one was that it names, and is the same but for the header that names it. */
function checkReturned(records: readonly ReadRecord[]): void {
  const back = records.filter(({ headers }) => headers.some(([name]) => name === 'enricher.retry'))
  assert.equal(back.length, 6)
  for (const { offset: _, ...record } of back) {
    const [, place] = record.headers.at(-1)!
    const original = records.find(({ partition, offset }) =>
      String(place).endsWith(`.orders-${partition}@${offset}`),
    )!
    const { offset: _offset, ...before } = original
    assert.deepEqual({ ...record, headers: record.headers.slice(0, -1) }, before)
  }
}

test('rejects of an unknown schema come out once each after a retry, and a second retry does nothing', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const { producer } = orders
    const [input, output] = [orders.topic('orders'), orders.topic('enriched')]
    const schema = schemaOf('order')
    const noted = {
      ...schema,
      fields: [...schema.fields, { name: 'note', type: 'string', default: '' }],
    }
    const notedType = avsc.Type.forSchema(noted as avsc.Schema)
    const known = await registry.register(`${input}-value`, schema)
    const unknown = known + 1
    const put = (i: number, value: Buffer): void =>
      producer.put(input, i % 4, AT + i, Buffer.from(data.orderId(i)), value, [
        ['trace', Buffer.from(`t${i}`)],
      ])
    for (let i = 0; i < 4; i++) put(i, under(known, data.encode('order', data.order(i, AT))))
    for (let i = 4; i < 10; i++) {
      put(i, frame(unknown, notedType.toBuffer({ ...data.order(i, AT), note: `${i}` })))
    }
    await producer.flush()

    const file = pipelineFile(orders)
    const first = orders.start({}, file)
    await waitFor(orders, output, 4)
    await waitFor(orders, `${output}.rejects`, 6)
    assert.equal(await first.stop(), 0)
    const dry = rejects('retry', file, '--dry-run')
    assert.match(dry.said, /^Would put back 6 records\n {2}6 of \S+: unknown_schema\n$/)
    assert.equal(await registry.register(`${input}-value`, noted), unknown)

    const one = rejects('retry', file, '--reason', 'unknown_schema', '--limit', '1')
    assert.match(one.said, /^Put back 1 record\n/)
    const second = orders.start({}, file)
    await waitFor(orders, output, 5)
    const rest = rejects('retry', file, '--where', 'error.contains("schema") && retries == 0')
    assert.equal(rest.code, 0, rest.said)
    assert.match(rest.said, /^Put back 5 records\n/)
    const again = rejects('retry', file)
    assert.match(again.said, /^Put back 0 records\nLeft 6 rejects\n {2}6 of \S+: retried before/)
    await waitFor(orders, output, 10)
    assert.equal(await second.stop(), 0)

    const came = await read(orders, output)
    const ids = came.map(({ value }) => JSON.parse(String(value)).order_id).sort()
    const expected = Array.from({ length: 10 }, (_, i) => data.orderId(i)).sort()
    assert.deepEqual(ids, expected)
    checkReturned(await read(orders, input))
    const [group] = rejects('list', file, '--json').said.trim().split('\n')
    const { reason, count, retried } = JSON.parse(group)
    assert.deepEqual({ reason, count, retried }, { reason: 'unknown_schema', count: 6, retried: 6 })
    const shown = rejects('show', file, `${input}-0@1`)
    assert.match(shown.said, /"note":"4"/)
    assert.match(shown.said, /retried since/)
  } finally {
    await orders.close()
  }
})
