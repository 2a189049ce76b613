/** What moves stream time, and what becomes of facts without a row or a window, through a whole pipeline. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { type Effects, Simulation } from '../../../src/cli/simulate/simulation.ts'
import { AvroJson } from '../../../src/codec/avro/json-encoding.ts'
import { loadPipeline } from '../../../src/config/load.ts'
import { createPipelineCodec, outputFrame, readSchemas } from '../../../src/plan/pipeline-codec.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-time-'))
after(() => rmSync(folder, { recursive: true }))

const NOON = Date.parse('2025-01-01T12:00:00Z')
const SECOND = 1000
const record = (name: string, ...fields: object[]): object => ({ type: 'record', name, fields })
const nullable = { type: ['null', 'string'], default: null }
const schemas = {
  fact: record(
    'Fact',
    { name: 'id', type: 'string' },
    { name: 'customer', ...nullable },
    { name: 'at', type: 'long' },
  ),
  right: record('Right', { name: 'id', type: 'string' }, { name: 'amount', type: 'int' }),
  customer: record('Customer', { name: 'name', type: 'string' }),
}
for (const [name, schema] of Object.entries(schemas)) {
  writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(schema))
}

interface Options {
  readonly join?: string
  readonly missing?: string
}

/** A window of 60 s in both directions and 10 s of grace, unless said otherwise. */
async function open({ join: more = 'within: 60s', missing = 'null' }: Options) {
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(
    file,
    `name: p
kafka: { brokers: "localhost:1" }
facts: { topic: facts, schema: fact.avsc, time: at }
dimensions:
  customer: { topic: customers, schema: customer.avsc, on: customer, missing: ${missing} }
join: { topic: rights, schema: right.avsc, on: id, grace: 10s, kind: left, idle: 7d, select: [amount], ${more} }
output: { topic: out, schemaId: 1 }
`,
  )
  const pipeline = loadPipeline(file, {})
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  return Simulation.open(pipeline, codec, NOON)
}

class Stream {
  readonly #simulation: Simulation

  constructor(simulation: Simulation) {
    this.#simulation = simulation
  }

  static async of(options: Options): Promise<Stream> {
    return new Stream(await open(options))
  }

  /** @param written the record's own timestamp */
  fact(
    key: string,
    seconds: number,
    customer: string | null = 'c1',
    written = seconds,
  ): Promise<void> {
    const value = { id: key, customer, at: NOON + seconds * SECOND }
    return this.#take('fact', schemas.fact, key, written, value)
  }

  right(key: string, seconds: number): Promise<void> {
    return this.#take('right', schemas.right, key, seconds, { id: key, amount: 1 })
  }

  /** A right record without a value. */
  empty(key: string, seconds: number): Promise<void> {
    return this.#put('right', key, null, seconds)
  }

  /** The clock moves on, and nothing comes. */
  async wait(seconds: number): Promise<void> {
    await this.#simulation.take({ kind: 'wait', ms: seconds * SECOND })
  }

  async end(): Promise<Effects> {
    await this.#simulation.close()
    return this.#simulation.effects
  }

  #take(kind: 'fact' | 'right', schema: object, key: string, seconds: number, value: object) {
    const body = new AvroJson(schema).encode(value, assert.fail)
    return this.#put(kind, key, Buffer.concat([outputFrame(0), body!]), seconds)
  }

  #put(kind: 'fact' | 'right', key: string, value: Buffer | null, seconds: number) {
    const timestamp = NOON + seconds * SECOND
    const given = { key: Buffer.from(key), value, headers: [], timestamp }
    return this.#simulation.take({ kind, record: given })
  }
}

const keysOf = (records: readonly { readonly key: string | null }[]) =>
  records.map(({ key }) => key)

test('a late fact of a left join comes out at once and alone, whatever comes for it later', async () => {
  const stream = await Stream.of({})
  await stream.right('z', 600)
  await stream.fact('a', 469)
  await stream.right('a', 480)
  const { outputs, unmatched, drops } = await stream.end()
  assert.deepEqual([outputs, keysOf(unmatched), drops], [[], ['a'], []])
  assert.equal(unmatched[0].timestamp, NOON + 469 * SECOND)
})

test('late facts are dropped, or rejected, where the file says so; late right records by themselves', async () => {
  for (const [late, reject] of [
    ['late: drop', []],
    ['late: reject', ['a', 'b']],
    ['late: { left: reject }', ['a']],
    ['late: { right: reject }', ['b']],
  ] as const) {
    const stream = await Stream.of({ join: `within: 60s, ${late}` })
    await stream.right('z', 600)
    await stream.fact('a', 469)
    await stream.right('b', 469)
    const { unmatched, drops, rejects } = await stream.end()
    assert.deepEqual(keysOf(rejects), reject)
    const alone = late === 'late: { right: reject }' ? ['a'] : []
    assert.deepEqual(keysOf(unmatched), alone)
    assert.equal(drops.length, 2 - reject.length - alone.length)
  }
})

test('a right record joins while its fact is open, however far it is behind', async () => {
  const stream = await Stream.of({})
  await stream.fact('a', 120)
  await stream.right('z', 190)
  await stream.right('a', 60)
  const { outputs, unmatched } = await stream.end()
  assert.deepEqual([keysOf(outputs), unmatched], [['a'], []])
})

test('an unmatched fact does not wait for what may have come before it', async () => {
  const stream = await Stream.of({ join: 'within: { before: 1h, after: 5s }' })
  await stream.fact('a', 0)
  await stream.right('z', 15)
  await stream.wait(0)
  await stream.right('z', 17)
  const { unmatched } = await stream.end()
  assert.deepEqual(keysOf(unmatched), ['a'])
})

test('a fact that comes when it has closed comes out at once, with what is held, and is then never matched', async () => {
  const stream = await Stream.of({ join: 'within: { before: 60s, after: 0s }' })
  await stream.right('a', 0)
  await stream.right('z', 50)
  await stream.fact('a', 20)
  await stream.fact('b', 20)
  await stream.right('b', 10)
  const { outputs, unmatched } = await stream.end()
  assert.deepEqual([keysOf(outputs), keysOf(unmatched)], [['a'], ['b']])
})

test('what is rejected moves no stream time', async () => {
  const stream = await Stream.of({ missing: 'reject' })
  await stream.fact('sound', 0, null)
  await stream.empty('q', 480)
  await stream.fact('z', 490, 'nobody')
  await stream.right('r', 0)
  const { rejects, drops } = await stream.end()
  assert.deepEqual(
    rejects.map(({ reason }) => reason),
    ['missing_dimension', 'null_value', 'missing_dimension'],
  )
  assert.deepEqual(drops, [])
})

test('a fact further ahead of the clock than the file allows is rejected, or dropped, and moves no stream time', async () => {
  for (const [early, effect] of [
    ['reject', 'rejects'],
    ['drop', 'drops'],
  ] as const) {
    const stream = await Stream.of({ join: `within: 60s, ahead: 30s, early: ${early}` })
    await stream.fact('a', 0)
    await stream.fact('ahead', 3000, 'c1', 0)
    await stream.fact('in time', 30, 'c1', 0)
    await stream.right('a', 1)
    const effects = await stream.end()
    assert.deepEqual(
      effects[effect].map(({ key, reason }) => `${key} ${reason}`),
      ['ahead future_time'],
    )
    assert.deepEqual([keysOf(effects.outputs), effects.unmatched], [['a'], []])
    if (early === 'reject') {
      assert.match(
        effects.rejects[0].error,
        /^Its time 2025-01-01T12:50:00\.000Z is 3000000 ms ahead/,
      )
    }
  }
})

test('a fact whose look-up field is null is one without a row', async () => {
  for (const [missing, effect, keys] of [
    ['null', 'unmatched', ['a']],
    ['drop', 'drops', ['a']],
    ['reject', 'rejects', ['a']],
  ] as const) {
    const stream = await Stream.of({ missing })
    await stream.fact('a', 0, null)
    await stream.right('z', 100)
    await stream.wait(1)
    const effects = await stream.end()
    assert.deepEqual(keysOf(effects[effect]), keys)
    if (missing === 'null') assert.equal(effects.unmatched[0].value.name, null)
    else assert.deepEqual(effects.unmatched, [])
  }
})
