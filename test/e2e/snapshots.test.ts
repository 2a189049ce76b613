/** A dimension that files are loaded into, as a whole: what a complete one lacks is gone, also over a kill -9 in the middle of one. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { testBroker } from '../support/kafka.ts'
import { scrape } from '../support/scrape.ts'
import { connect, createTopic, deleteTopics, PlainProducer, readAll } from '../support/topics.ts'
import { ServiceProcess } from './orders.ts'

const PARTITIONS = 3
const TRIES = 300

const SCHEMA = {
  type: 'record',
  name: 'Customer',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'name', type: ['null', 'string'] },
    { name: 'is_last', type: ['null', 'boolean'] },
  ],
}

const pipelineText = (tag: string, folder: string, address: string): string => `
name: ${tag}-job
kafka: { brokers: "${address}" }
facts: { topic: ${tag}.orders, format: json, select: [customer_id] }
dimensions:
  customer:
    topic: ${tag}.customers
    format: json
    schema: customer.avsc
    on: customer_id
    where: is_last == null
    select: { customer: name }
    snapshot:
      by: { header: file.name }
      complete: is_last == true
output: { topic: ${tag}.out, format: json }
state: { dir: "${folder}" }
http: { port: 0 }
`

test('rows that a file lacks go once it is complete in all partitions, and stay where it is too small', async () => {
  const address = await testBroker()
  const tag = `snapshots-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  const topics = ['orders', 'customers'].map((one) => `${tag}.${one}`)
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(join(folder, 'customer.avsc'), JSON.stringify(SCHEMA))
  writeFileSync(file, pipelineText(tag, folder, address))
  const broker = await connect(address)
  for (const topic of topics) await createTopic(broker, topic, PARTITIONS)
  const producer = new PlainProducer(address)
  await producer.connect(topics)

  const load = async (name: string, ids: readonly number[], isWhole = true): Promise<void> => {
    const headers = [['file.name', Buffer.from(name)]] as const
    for (const id of ids) {
      const value = Buffer.from(JSON.stringify({ id, name: `${name}/${id}`, is_last: null }))
      const key = Buffer.from(String(id))
      producer.put(topics[1], id % PARTITIONS, Date.now(), key, value, [...headers])
    }
    await producer.flush()
    if (!isWhole) return
    const end = Buffer.from(JSON.stringify({ id: 0, name: null, is_last: true }))
    producer.put(topics[1], 0, Date.now(), null, end, [...headers])
    await producer.flush()
  }
  let facts = 0
  /** The columns of an order of each of these customers. */
  const lookedUp = async (ids: readonly number[]): Promise<(string | null)[]> => {
    const from = facts
    for (const id of ids) {
      const value = Buffer.from(JSON.stringify({ customer_id: id }))
      producer.put(topics[0], 0, Date.now(), Buffer.from(String(facts++)), value)
    }
    await producer.flush()
    for (let tries = 0; ; tries++) {
      const found: (string | null)[] = []
      await readAll(broker, `${tag}.out`, ({ value }) => {
        found.push((JSON.parse(String(value)) as { customer: string | null }).customer)
      })
      if (found.length === facts) return found.slice(from)
      assert.ok(tries < TRIES, `${found.length} of ${facts} facts came out`)
      await sleep(100)
    }
  }
  const start = (): ServiceProcess =>
    new ServiceProcess(spawn(process.execPath, ['dist/main.js', 'run', file], { stdio: 'pipe' }))

  let service = start()
  try {
    await load('a', [1, 2, 3, 4, 5, 6, 7, 8])
    await service.logged('Task running')
    await service.logged('rows of the snapshot a')
    assert.deepEqual(await lookedUp([1, 8, 9]), ['a/1', 'a/8', null])

    await load('b', [1, 2, 3], false)
    // What the store does not have of it is read again.
    await sleep(1500)
    assert.deepEqual(await lookedUp([1, 8]), ['b/1', 'a/8'])
    assert.equal(await service.kill(), 'SIGKILL')
    service = start()
    await service.logged('Task running')
    assert.deepEqual(await lookedUp([1, 8]), ['b/1', 'a/8'])
    await load('b', [4, 5, 9])
    await service.logged('rows of the snapshot b')
    assert.deepEqual(await lookedUp([1, 5, 6, 7, 8, 9]), ['b/1', 'b/5', null, null, null, 'b/9'])

    await load('c', [2])
    await service.logged('The snapshot c')
    assert.deepEqual(await lookedUp([1, 2]), ['b/1', 'c/2'])
    const samples = await scrape(service)
    const labels = { dimension: 'customer' }
    assert.deepEqual(samples('dimension_snapshot_deletions_total', labels), [3])
    const outcome = { ...labels, outcome: 'refused' }
    assert.deepEqual(samples('dimension_snapshots_total', outcome), [1])
    assert.equal(await service.stop(), 0, service.log)
  } finally {
    await service.kill()
    await producer.close()
    await broker.close()
    await deleteTopics(address, topics)
    rmSync(folder, { recursive: true, force: true })
  }
})
