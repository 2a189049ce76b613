/** `init` of a topic in Protobuf, without a registry: a file that starts, with all that it needs beside it. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import protobuf from 'protobufjs'
import { decoded, typeOfProto } from '../codec/protobuf/output-model.ts'
import { Orders } from './orders.ts'
import { frame, waitFor } from './registered.ts'

const ORDER = 'syntax = "proto3"; message Order { string id = 3; int64 n = 1; }'
const COUNT = 20

test('init drafts a pipeline from Protobuf to Protobuf, which runs as it is', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    const topic = orders.topic('orders')
    const type = protobuf.parse(ORDER).root.lookupType('Order')
    for (let i = 0; i < COUNT; i++) {
      const message = type.encode(type.create({ id: `o${i}`, n: i + 1 })).finish()
      const value = frame(1, Buffer.concat([Buffer.of(0), message]))
      orders.producer.put(topic, i % 4, Date.now(), Buffer.from(`o${i}`), value)
    }
    await orders.producer.flush()
    writeFileSync(join(orders.folder, `${topic}.proto`), ORDER)
    const file = join(orders.folder, 'pipeline.yaml')
    const brokers = orders.env().KAFKA_BROKERS
    const args = ['init', '--brokers', brokers, '--facts', topic, '--name', orders.tag]
    const init = spawnSync(process.execPath, ['dist/main.js', ...args, '--out', file], {
      encoding: 'utf8',
    })
    assert.equal(init.status, 0, init.stderr)
    const proto = readFileSync(join(orders.folder, `${topic}.enriched.proto`), 'utf8')
    const more = `state: { dir: "${join(orders.folder, 'state')}" }\nhttp: { port: 0 }\n`
    writeFileSync(file, `${readFileSync(file, 'utf8')}${more}`)
    const service = orders.start({}, file)
    const records = await waitFor(orders, `${topic}.enriched`, COUNT)
    const messages = records.map(({ value }) => decoded(typeOfProto(proto), value!.subarray(6)))
    const wanted = Array.from({ length: COUNT }, (_, i) => ({ id: `o${i}`, n: String(i + 1) }))
    assert.deepEqual(
      messages.sort((a, b) => Number(a.n) - Number(b.n)),
      wanted,
    )
    assert.equal(await service.stop(), 0)
  } finally {
    await orders.close()
  }
})
