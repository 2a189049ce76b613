/**
 * Every client writes the same records in every compression, with and without transactions: our reader sees what Kafka's own
 * consumer sees, and that is what was written. Where a client puts a key is what `check` takes it for. Ends with 1 where one of
 * it is not so. Installs the clients in a folder that may be kept.
 *
 *     npm run test:clients -- [--client franz-go] [--folder FOLDER]
 *
 * Needs, beside Java and Maven, Python 3 with venv, Go and Rust.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { messageOf } from '../../src/errors.ts'
import { testBroker } from '../support/kafka.ts'
import { CLIENTS, type Client } from './clients.ts'
import { Matrix } from './matrix.ts'

const { values } = parseArgs({
  options: { client: { type: 'string', multiple: true }, folder: { type: 'string' } },
})
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'stream-enricher-clients-'))
const matrix = await Matrix.on(await testBroker(), folder)

async function tell(
  client: Client,
  what: string,
  check: Promise<string | undefined>,
): Promise<void> {
  const fault = await check.catch(messageOf)
  if (fault !== undefined) process.exitCode = 1
  const end = fault === undefined ? '' : `: ${fault}`
  process.stdout.write(`${fault === undefined ? '✔' : '✖'} ${client.name}, ${what}${end}\n`)
}

for (const client of CLIENTS) {
  if (values.client !== undefined && !values.client.includes(client.name)) continue
  const command = client.prepare(folder)
  for (const codec of client.codecs) {
    await tell(client, codec, matrix.content(client, command, codec, false))
    if (!client.transactions) continue
    await tell(client, `${codec}, transactions`, matrix.content(client, command, codec, true))
  }
  if (client.partitioner === null) continue
  await tell(client, `keys by ${client.partitioner}`, matrix.keys(client, command))
}
await matrix.close()
if (values.folder === undefined) rmSync(folder, { recursive: true, force: true })
