/** Frames as the serializers of the registries write them (`frames/`, with the scripts that have written them). */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, test } from 'node:test'
import { deflateSync } from 'node:zlib'
import avsc from 'avsc'
import { bytesOf } from '../../src/bytes.ts'
import { AvroKey } from '../../src/codec/keys/avro.ts'
import { avroKeyReader } from '../../src/codec/keys/keys.ts'
import { keyPlan } from '../../src/codec/keys/plan.ts'
import type { KeyReader, TopicCodec } from '../../src/codec/port.ts'
import { rawRecord } from '../../src/codec/raw-record.ts'
import { RegistryKeyPlans } from '../../src/codec/registry/key-plans.ts'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { ValueDecoder } from '../../src/codec/value-text.ts'
import type { RegistryConfig, TopicConfig } from '../../src/config/pipeline.ts'
import { AVRO } from '../../src/plan/avro-format.ts'
import { REGISTRY } from '../support/registry-config.ts'
import { HastyRegistry } from './hasty-registry.ts'

interface Written {
  readonly writer: string
  readonly order: { readonly note: string | null; readonly id: number; readonly text: string }
  readonly key: Buffer | null
  readonly value: Buffer
  readonly headers: readonly (readonly [string, Buffer])[]
  readonly ids: Readonly<Record<'value' | 'key', readonly [number, string]>>
}
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex')
const folder = new URL('frames/', import.meta.url)
const schema = JSON.parse(readFileSync(new URL('order.avsc', folder), 'utf8'))
const writtenBy = (library: string): Written[] =>
  readFileSync(new URL(`${library}.jsonl`, folder), 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const { key, value, headers, ...rest } = JSON.parse(line)
      const pairs = headers.map(([name, hex]: [string, string]) => [name, bytes(hex)])
      return { ...rest, key: key && bytes(key), value: bytes(value), headers: pairs }
    })
const confluent = writtenBy('confluent')
const glue = writtenBy('glue')
const apicurio = writtenBy('apicurio')
/** In the registry that Apicurio's serializer was run with, both the content id and the global id. */
const ID = 4

/** Answers of a registry, by path; whatever else is asked for is not there. */
const answers = new Map<string, object>()
const asked: string[] = []
let url = ''
const server = createServer((request, response) => {
  const path = request.url!
  asked.push(path)
  const found = answers.get(path)
  response.writeHead(found === undefined ? 404 : 200, { 'content-type': 'application/json' })
  const isNative = path.startsWith('/apis/registry/')
  const none = isNative
    ? { status: 404, name: 'VersionNotFoundException' }
    : { error_code: 40403, message: 'Schema not found' }
  response.end(JSON.stringify(found ?? none))
})
before(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const answer = { schema: JSON.stringify(schema) }
  const [value, key] = (['value', 'key'] as const).map((part) => confluent[0].ids[part])
  answers.set(`/schemas/ids/${value[0]}`, answer)
  answers.set(`/schemas/guids/${value[1]}`, answer)
  answers.set(`/schemas/ids/${key[0]}`, { schema: '"long"' })
  answers.set(`/schemas/guids/${key[1]}`, { schema: '"long"' })
  answers.set(`/apis/ccompat/v7/schemas/ids/${ID}`, answer)
  answers.set(`/apis/registry/v3/ids/globalIds/${ID}?references=DEREFERENCE`, schema)
})
after(() => server.close())

const registryOf = (config: Partial<RegistryConfig> = {}): Registry =>
  new HastyRegistry({ ...REGISTRY, url, ...config }, { event: () => {} })

const fields = schema.fields.map(({ name }: { name: string }) => name)
const plan = {
  select: fields.map((source: string) => ({ source, nullable: false })),
  keys: ['id'],
  time: null,
}
const codecOf = (registry: Registry | null, frame: 'none' | null = null): TopicCodec =>
  AVRO.codec({ type: null, frame } as TopicConfig, schema, plan, registry)
const type = avsc.Type.forSchema(schema)

/** The order that is read, or why none is. */
async function read(codec: TopicCodec, { value, headers }: Pick<Written, 'value' | 'headers'>) {
  // Behind other bytes, as in a batch.
  const raw = rawRecord({ key: Buffer.from('some key'), value, headers })
  const of = [raw.buffer, raw.valueStart, raw.valueEnd, raw.headerStart, raw.headerEnd] as const
  let reader = codec.reader(...of)
  if (reader === null) {
    await codec.load(...of)
    reader = codec.reader(...of)
  }
  if (reader === null || typeof reader === 'string') return `${reader}: ${codec.fault}`
  const refused = reader.read(7, raw.buffer, raw.valueStart, raw.valueEnd)
  if (refused !== null) return `${refused}: ${reader.fault}`
  reader.select(7)
  const target = bytesOf(Buffer.alloc(reader.projectedBytes))
  assert.equal(reader.project(target, 0), target.length)
  const key = reader.keyBuffer(0).toString('latin1', reader.keyStart(0), reader.keyEnd(0))
  const order = { ...type.fromBuffer(target) }
  assert.equal(key, String(order.id))
  return order
}

async function allRead(codec: TopicCodec, records: readonly Written[]): Promise<void> {
  for (const record of records) {
    assert.deepEqual(await read(codec, record), record.order, record.writer)
  }
}

test('where the schema is a file, records of all serializers are read, from one topic', async () => {
  const codec = codecOf(null)
  const known = apicurio.filter(({ writer }) => !/8 bytes/.test(writer))
  const all = [...confluent, ...glue, ...known]
  assert.equal(new Set(all.map(({ writer }) => writer)).size, 8)
  await allRead(codec, [...all, ...all.toReversed()])
  const decoder = new ValueDecoder(null, schema, false)
  for (const record of all)
    assert.deepEqual({ ...((await decoder.decode(record)) as object) }, record.order)
})

test('Azure’s serializers name the schema in content-type, and other content types say nothing', async () => {
  const codec = codecOf(null)
  const { order } = confluent[0]
  const body = type.toBuffer(order)
  const contentType = (text: string) => [['content-type', Buffer.from(text)]] as const
  const id = '64fc737160ff41bdb8a0b8af028e6827'
  assert.deepEqual(
    await read(codec, { value: body, headers: contentType(`avro/binary+${id}`) }),
    order,
  )
  const framed = { value: confluent[0].value, headers: contentType('application/octet-stream') }
  assert.deepEqual(await read(codec, framed), order)
  assert.match(String(await read(codec, { value: body, headers: [] })), /^not_framed|^malformed/)
})

test('a registry with Confluent’s API knows ids in front, GUIDs in headers, and Apicurio’s content ids', async () => {
  const registry = registryOf()
  const codec = codecOf(registry)
  await allRead(codec, [...confluent, ...confluent.toReversed()])
  const decoder = new ValueDecoder(registry, null, false)
  for (const record of confluent)
    assert.deepEqual({ ...((await decoder.decode(record)) as object) }, record.order)
  const refused = apicurio.find(({ writer }) => /headers, globalId/.test(writer))!
  assert.match(
    String(await read(codec, refused)),
    /^not_framed: .*apicurio\.value\.globalId, .*registry\.type: apicurio/,
  )
  assert.match(String(await read(codec, glue[0])), /^not_framed: .*03 00, as AWS Glue/)
})

test('Apicurio’s content ids and global ids are asked for where each is known', async () => {
  const defaults = apicurio.filter(
    ({ writer }) => !/(prefix, globalId|8 bytes, contentId)/.test(writer),
  )
  /** Which paths are asked for the schema of this record. */
  const askedFor = async (record: Written, config: Partial<RegistryConfig>) => {
    asked.length = 0
    await allRead(codecOf(registryOf({ type: 'apicurio', ...config })), [record])
    return asked
  }
  const ofContent = [`/apis/ccompat/v7/schemas/ids/${ID}`]
  const ofGlobal = [`/apis/registry/v3/ids/globalIds/${ID}?references=DEREFERENCE`]
  for (const record of apicurio) {
    const expected = record.writer.endsWith('globalId') ? ofGlobal : ofContent
    const useId = record.writer.endsWith('globalId') ? 'globalId' : 'contentId'
    assert.deepEqual(await askedFor(record, { useId }), expected, record.writer)
    // Behind the default of 3.x, 4 bytes of a content id, and of 2.x, 8 bytes of a global id.
    if (!defaults.includes(record)) continue
    assert.deepEqual(await askedFor(record, {}), expected, record.writer)
    assert.deepEqual(await askedFor(record, { url: `${url}/apis/ccompat/v7/` }), expected)
  }
  const unknown = { value: Buffer.from([0, 0, 0, 0, 99, 0]), headers: [] }
  const codec = codecOf(registryOf({ type: 'apicurio', useId: 'globalId' }))
  assert.match(
    String(await read(codec, unknown)),
    /^unknown_schema: .*has no schema with the global id 99$/,
  )
})

test('of Apicurio 2.x the global ids are asked by that release’s API', async () => {
  const path = `/apis/registry/v3/ids/globalIds/${ID}?references=DEREFERENCE`
  const older = `/apis/registry/v2/ids/globalIds/${ID}?dereference=true`
  answers.delete(path)
  answers.set(older, schema)
  const native = server.listeners('request')[0] as (...of: unknown[]) => void
  server.removeAllListeners('request')
  server.on('request', (request, response) => {
    if (!request.url!.startsWith('/apis/registry/v3/')) return native(request, response)
    response.writeHead(404, { 'content-type': 'application/json' })
    response.end('{"error_code":404,"message":"RESTEASY003210","name":"NotFoundException"}')
  })
  answers.set('/apis/ccompat/v7/schemas/types', ['AVRO'])
  try {
    const record = apicurio.find(({ writer }) => /8 bytes, globalId/.test(writer))!
    await allRead(codecOf(registryOf({ type: 'apicurio' })), [record])
  } finally {
    server.removeAllListeners('request')
    server.on('request', native)
    answers.set(path, schema)
  }
})

test('a registry that knows no GUIDs is told from one that is away, and other records are read on', async () => {
  const other = createServer((request, response) => {
    const isKnown = request.url === '/schemas/types' || request.url === '/schemas/ids/1'
    response.writeHead(isKnown ? 200 : 404, { 'content-type': 'application/json' })
    if (request.url === '/schemas/types') response.end('["AVRO"]')
    // As Apicurio 3.0.9 answers.
    else response.end(isKnown ? JSON.stringify({ schema: JSON.stringify(schema) }) : '')
  })
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
  try {
    const { port } = other.address() as AddressInfo
    const codec = codecOf(registryOf({ url: `http://127.0.0.1:${port}` }))
    const inHeader = confluent.find(({ headers }) => headers.length > 0)!
    assert.match(
      String(await read(codec, inHeader)),
      /^unknown_schema: The schema GUID 844c2585-67a5-4435-84f6-e0289fdeea78 cannot be had .*does not answer \/schemas\/guids/,
    )
    assert.deepEqual(await read(codec, confluent[0]), confluent[0].order)
  } finally {
    other.close()
  }
})

test('a token goes with every request', async () => {
  const seen: (string | undefined)[] = []
  const listener = (request: { headers: { authorization?: string } }) =>
    seen.push(request.headers.authorization)
  server.on('request', listener)
  await read(codecOf(registryOf({ token: 'secret' })), confluent[0])
  server.off('request', listener)
  assert.deepEqual(seen, ['Bearer secret'])
})

test('Avro keys are read behind the same frames', async () => {
  const textOf = async (keys: KeyReader, { key, value, headers }: Written) => {
    const { buffer, keyEnd, headerStart, headerEnd } = rawRecord({ key, value, headers })
    const of = [buffer, 0, keyEnd, headerStart, headerEnd] as const
    if (!keys.read(...of) && keys.reason === null) await keys.load(...of)
    return keys.read(...of) ? keys.buffer.toString('latin1', keys.start, keys.end) : keys.reason
  }
  const long = keyPlan('long')
  assert.ok(typeof long === 'object')
  const ofRegistry = new AvroKey(new RegistryKeyPlans(registryOf()))
  for (const record of [...confluent, ...confluent.toReversed()]) {
    assert.equal(await textOf(ofRegistry, record), String(record.order.id))
    assert.equal(await textOf(avroKeyReader(long), record), String(record.order.id))
  }
  const [plain, zlib] = [glue[0], glue[2]].map(({ value }) => value.subarray(0, 18))
  const body = Buffer.from([14])
  const keys = [Buffer.concat([plain, body]), Buffer.concat([zlib, deflateSync(body)])]
  for (const key of keys) assert.equal(await textOf(avroKeyReader(long), { ...glue[0], key }), '7')
  assert.equal(await textOf(avroKeyReader(long), { ...glue[0], key: zlib }), 'bad_key')
  assert.equal(await textOf(avroKeyReader(long, '', true), { ...glue[0], key: body }), '7')
})

test('values without a frame are read where the file says so, whatever they begin with', async () => {
  const codec = codecOf(null, 'none')
  for (const { order } of confluent) {
    assert.deepEqual(await read(codec, { value: type.toBuffer(order), headers: [] }), order)
    const registry = registryOf()
    assert.deepEqual(
      await read(codecOf(registry, 'none'), { value: type.toBuffer(order), headers: [] }),
      order,
    )
  }
})

test('a body that is no zlib, or becomes too large, is rejected', async () => {
  const codec = codecOf(null)
  const head = glue.find(({ writer }) => writer.endsWith('ZLIB'))!.value.subarray(0, 18)
  const of = async (body: Buffer) =>
    String(await read(codec, { value: Buffer.concat([head, body]), headers: [] }))
  assert.match(await of(Buffer.from('no zlib')), /^malformed: .*not compressed by zlib/)
  assert.match(await of(Buffer.alloc(0)), /^malformed: .*not compressed by zlib/)
  assert.match(
    await of(deflateSync(Buffer.from([9, 9]))),
    /^malformed: The bytes of the field note/,
  )
  assert.match(await of(deflateSync(Buffer.alloc(64 << 20))), /^too_large: .*more than 8 MiB/)
})
