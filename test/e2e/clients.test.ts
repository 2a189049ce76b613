/** What Kafka's own client writes; those of other people are tried by `npm run test:clients`. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { CLIENTS, type Client } from '../clients/clients.ts'
import { Matrix } from '../clients/matrix.ts'
import { testBroker } from '../support/kafka.ts'

const client = CLIENTS.find(({ name }) => name === 'java') as Client
const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-clients-'))
let matrix: Matrix
let command: readonly string[]

before(async () => {
  matrix = await Matrix.on(await testBroker(), folder)
  command = client.prepare(folder)
})

after(async () => {
  await matrix.close()
  rmSync(folder, { recursive: true, force: true })
})

test('we read what the Java consumer reads of the Java producer: nulls, headers, times that go back', async () => {
  assert.equal(await matrix.content(client, command, 'lz4', false), undefined)
})

test('of its transactions we read those that are committed, as the Java consumer does', async () => {
  assert.equal(await matrix.content(client, command, 'zstd', true), undefined)
})

test('its keys lie where murmur2 puts them', async () => {
  assert.equal(await matrix.keys(client, command), undefined)
})
