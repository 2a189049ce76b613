/**
 * `npm run test:registries`: serializers and deserializers of AWS and Azure, with registries on this machine in place of theirs. What they
 * register and write is read here, and what is registered and framed here they read. Needs Java 17 and Maven.
 */
import assert from 'node:assert/strict'
import { execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import avsc from 'avsc'
import type { RecordBytes } from '../../src/batch.ts'
import { schemaFrame } from '../../src/codec/frame/schema-frame.ts'
import { Registry } from '../../src/codec/registry/registry.ts'
import { ValueDecoder } from '../../src/codec/value-text.ts'
import { createCertificates } from '../support/certificates.ts'
import { GROUP, startAzure } from '../support/registries/azure.ts'
import { GLUE_ENV, REGION, startGlue } from '../support/registries/glue.ts'
import { REGISTRY } from '../support/registry-config.ts'

const SERDE = '1.1.24'
const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>test</groupId><artifactId>serde</artifactId><version>1</version><dependencies><dependency>
<groupId>software.amazon.glue</groupId><artifactId>schema-registry-serde</artifactId><version>${SERDE}</version>
</dependency></dependencies></project>`
const COPY = 'org.apache.maven.plugins:maven-dependency-plugin:2.8:copy-dependencies'
const AZURE = ['@azure/schema-registry@1.3.0', '@azure/schema-registry-avro@1.1.0']

const SCHEMA = {
  type: 'record',
  name: 'Order',
  namespace: 'shop',
  fields: [
    { name: 'id', type: 'long' },
    { name: 'text', type: 'string' },
  ],
}
const ORDERS = [
  { id: 7, text: 'seven' },
  { id: -1, text: 'long '.repeat(200) },
]
const type = avsc.Type.forSchema(SCHEMA as avsc.Schema)
const log = { event() {} } as never

let folder: string
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'stream-enricher-serdes-'))
})
after(() => rmSync(folder, { recursive: true }))

/** Runs a program. @returns its lines, of lines that it is given */
async function linesOf(command: string, args: string[], env: object, lines: string[]) {
  const child = spawn(command, args, {
    env: { ...process.env, ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  child.stdin.end(`${lines.join('\n')}\n`)
  const printed = await text(child.stdout)
  return printed.trim().split('\n')
}

const read = (registry: Registry, record: RecordBytes): Promise<unknown> =>
  new ValueDecoder(registry, null, false).decode(record)

test('AWS Glue’s serde for Java reads what is written here, and what it writes is read', async (t) => {
  writeFileSync(join(folder, 'pom.xml'), POM)
  const jars = join(folder, 'jars')
  execFileSync('mvn', ['-q', COPY, `-DoutputDirectory=${jars}`], { cwd: folder, stdio: 'inherit' })
  const glue = await startGlue()
  t.after(() => glue.stop())
  const config = { ...REGISTRY, type: 'glue', url: glue.url, region: REGION } as const
  const registry = new Registry(config, log, GLUE_ENV)
  const program = fileURLToPath(new URL('GlueSerde.java', import.meta.url))
  const java = (lines: string[]) =>
    linesOf('java', ['-cp', `${jars}/*`, program, glue.url], GLUE_ENV, lines)

  const theirs = await java(
    ['NONE', 'ZLIB'].flatMap((compression) =>
      ORDERS.map(({ id, text: of }) =>
        ['write', 'orders', compression, JSON.stringify(SCHEMA), id, of].join('\t'),
      ),
    ),
  )
  for (const [i, hex] of theirs.entries()) {
    const record = { key: null, value: Buffer.from(hex, 'hex'), headers: [] }
    assert.deepEqual(await read(registry, record), ORDERS[i % ORDERS.length])
  }
  assert.equal(glue.schemas.get('orders')?.versions.length, 1)

  const { prefix } = schemaFrame(await registry.register('out', JSON.stringify(SCHEMA, null, 2)))
  const ours = ORDERS.map((order) => Buffer.concat([prefix, type.toBuffer(order)]).toString('hex'))
  const found = await java(ours.map((hex) => `read\tout\t${hex}`))
  assert.deepEqual(
    found.map((line) => JSON.parse(line)),
    ORDERS,
  )
  // And it finds the schema that was registered here by its text, and has the same id for it.
  const [again] = await java([`write\tout\tNONE\t${JSON.stringify(SCHEMA)}\t7\tseven`])
  assert.equal(again, ours[0])
})

test('Azure’s serializer for JavaScript reads what is written here, and what it writes is read', async (t) => {
  execFileSync('npm', ['install', '--silent', '--prefix', folder, ...AZURE], { stdio: 'inherit' })
  // It sends no token in the clear.
  createCertificates(folder, 'secret')
  const [key, cert, ca] = ['broker.key', 'broker.pem', 'ca.pem'].map((name) =>
    readFileSync(join(folder, name), 'utf8'),
  )
  const azure = await startAzure({ key, cert })
  t.after(() => azure.stop())
  const token = azure.token()
  const config = { ...REGISTRY, type: 'azure', url: azure.url, group: GROUP, token } as const
  const registry = new Registry({ ...config, tls: { ca, rejectUnauthorized: true } }, log, {})
  const program = fileURLToPath(new URL('azure-serde.mjs', import.meta.url))
  const node = (lines: unknown[]) =>
    linesOf(
      'node',
      [program, azure.url, token, GROUP, folder],
      { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') },
      lines.map((line) => JSON.stringify(line)),
    )

  const theirs = await node(ORDERS.map((order) => ['write', JSON.stringify(SCHEMA), order]))
  for (const [i, line] of theirs.entries()) {
    const [contentType, hex] = JSON.parse(line)
    const headers = [['content-type', Buffer.from(contentType)]] as const
    const record = { key: null, value: Buffer.from(hex, 'hex'), headers }
    assert.deepEqual(await read(registry, record), ORDERS[i])
  }
  assert.deepEqual(await registry.subjects(), ['shop.Order'])

  const { header } = schemaFrame(await registry.register('out', JSON.stringify(SCHEMA, null, 2)))
  const contentType = /avro\/binary\+\w{32}/.exec(header.toString('latin1'))![0]
  const found = await node(
    ORDERS.map((order) => ['read', contentType, type.toBuffer(order).toString('hex')]),
  )
  assert.deepEqual(
    found.map((line) => JSON.parse(line)),
    ORDERS,
  )
})
