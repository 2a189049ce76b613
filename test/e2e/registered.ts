/** The orders example with a schema registry in place of schema files. */
import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type ReadRecord, readAll } from '../support/topics.ts'
import { FILE, type Orders } from './orders.ts'

export interface Schema {
  fields: { name: string; type: unknown; default?: unknown; aliases?: string[] }[]
}
export const schemaOf = (name: string): Schema =>
  JSON.parse(readFileSync(`examples/orders/schemas/${name}.avsc`, 'utf8'))

export function frame(id: number, body: Buffer): Buffer {
  const head = Buffer.alloc(5)
  head.writeInt32BE(id, 1)
  return Buffer.concat([head, body])
}

/** The same bytes under the registry's id. */
export const under = (id: number, framed: Buffer): Buffer => frame(id, framed.subarray(5))

/** The example's pipeline, with a registry in place of its schema files. */
export const withRegistry = (orders: Orders, url: string): string =>
  withRegistryOf(orders, `url: "${url}"`)

/** @param registry what the file says of it */
export function withRegistryOf(orders: Orders, registry: string): string {
  const file = join(orders.folder, 'pipeline.yaml')
  const lines = readFileSync(FILE, 'utf8')
    .split('\n')
    .filter((line) => !/^\s+(schema|schemaId): /.test(line))
  writeFileSync(file, [...lines, `registry: { ${registry} }`].join('\n'))
  return file
}

/** A topic's records; none where the topic is not there. */
export async function read(orders: Orders, topic: string): Promise<ReadRecord[]> {
  const records: ReadRecord[] = []
  if (!(await orders.broker.admin.describeTopics([topic])).has(topic)) return records
  await readAll(orders.broker, topic, (record) => records.push(record))
  return records
}

export async function waitFor(orders: Orders, topic: string, count: number): Promise<ReadRecord[]> {
  for (let tries = 0; tries < 100; tries++) {
    const records = await read(orders, topic)
    if (records.length >= count) return records
    await sleep(200)
  }
  assert.fail(`Of ${count} records in ${topic} came ${(await read(orders, topic)).length}`)
}
