/** What a registry is asked for where records have ids that it does not know. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import { after, test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import type { AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { AvroKey } from '../../src/codec/keys/avro.ts'
import { RegistryCodec } from '../../src/codec/registry/codec.ts'
import { RegistryKeyPlans } from '../../src/codec/registry/key-plans.ts'
import { UnknownIds } from '../../src/codec/registry/unknown-ids.ts'
import { outputFrame } from '../../src/plan/pipeline-codec.ts'
import { REGISTRY } from '../support/registry-config.ts'
import { HastyRegistry } from './hasty-registry.ts'

const schema: AvroRecordSchema = {
  type: 'record',
  name: 'Order',
  fields: [{ name: 'id', type: 'long' }],
}
const known = new Map<number, object | string>([
  [5, schema],
  [6, 'string'],
  [8, { ...schema, fields: [...schema.fields, { name: 'more', type: 'int' }] }],
])
let asked: string[] = []
const server = createServer((request, response) => {
  asked.push(request.url!)
  const id = Number(request.url!.split('/').at(-1))
  const found = known.get(id)
  response.statusCode = found === undefined ? 404 : 200
  const none = { error_code: 40403, message: `Schema ${id} not found` }
  response.end(JSON.stringify(found === undefined ? none : { id, schema: JSON.stringify(found) }))
})
await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
after(() => server.close())
const { port } = server.address() as { port: number }
const registry = new HastyRegistry(
  { ...REGISTRY, url: `http://127.0.0.1:${port}` },
  { event: () => {} },
)

test('garbage is asked for a hundred times, then once a second, and what is remembered has a bound', () => {
  let now = 0
  const ids = new UnknownIds(() => now)
  let requests = 0
  const record = (id: number): void => {
    if (ids.fault(id) !== undefined) return
    requests++
    ids.add(id, `no ${id}`)
  }
  for (let id = 0; id < 50_000; id++) record(id)
  assert.equal(requests, 100)
  assert.equal(ids.fault(3), 'no 3')
  assert.match(ids.fault(200)!, /not asked for now/)
  for (let second = 0; second < 3600; second++) {
    now += 1000
    for (let i = 0; i < 10; i++) record(1_000_000 + second * 10 + i)
  }
  assert.ok(requests <= 100 + 3600, String(requests))
  assert.ok(ids.size <= 1000)
})

test('an id is asked for again after a minute', () => {
  let now = 0
  const ids = new UnknownIds(() => now)
  ids.add(7, 'no 7')
  now = 59_999
  assert.equal(ids.fault(7), 'no 7')
  now = 60_000
  assert.equal(ids.fault(7), undefined)
})

test('values of garbage make no request each, and known ids are read all the while', async () => {
  const plan = { select: [{ source: 'id', nullable: false }], keys: [], time: null }
  const codec = new RegistryCodec(registry, schema, plan, null)
  const read = async (id: number) => {
    const value = outputFrame(id)
    const ask = () => codec.reader(value, 0, value.length, 0, 0)
    if (ask() !== null) return ask()
    await codec.load(value, 0, value.length, 0, 0)
    return ask()
  }
  asked = []
  for (let id = 1000; id < 1300; id++) assert.equal(await read(id), 'unknown_schema')
  // A hundred, and one for each second that it took.
  assert.ok(asked.length >= 100 && asked.length < 110, String(asked.length))
  assert.match(codec.fault, /id 1299 is not known, and not asked for now/)
  assert.equal(await read(1000), 'unknown_schema')
  assert.match(codec.fault, /has no schema with the id 1000/)
})

test('keys are read by the id in them; an unknown one, and one that is no key, are rejected with a sentence', async () => {
  const keys = new AvroKey(new RegistryKeyPlans(registry))
  const read = async (id: number, body: Buffer) => {
    const key = bytesOf(Buffer.concat([outputFrame(id), body]))
    const again = () => keys.read(key, 0, key.length, 0, 0)
    if (again()) return keys.buffer.toString('utf8', keys.start, keys.end)
    if (keys.reason === null) await keys.load(key, 0, key.length, 0, 0)
    return again() ? keys.buffer.toString('utf8', keys.start, keys.end) : keys.reason
  }
  asked = []
  const text = Buffer.from([4, 0x61, 0x62])
  assert.equal(await read(6, text), 'ab')
  assert.equal(await read(5, Buffer.from([3])), '-2')
  assert.equal(await read(6, text), 'ab')
  assert.equal(await read(9, text), 'bad_key')
  assert.match(keys.fault, /has no schema with the id 9/)
  assert.equal(await read(8, text), 'bad_key')
  assert.match(
    keys.fault,
    /schema 8 cannot be read as a key: it is a record of 2 fields \(id, more\)/,
  )
  assert.equal(await read(9, text), 'bad_key')
  assert.equal(asked.length, 4)
})
