/** The trips example on a real broker: facts that are joined by a column of their dimension, while instances come and die. */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../../src/broker/port.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { parseTime } from '../../src/codec/avro/json-times.ts'
import { loadPipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { testBroker } from '../support/kafka.ts'
import { scrape } from '../support/scrape.ts'
import { connect, readAll } from '../support/topics.ts'
import { ServiceProcess } from './orders.ts'

const FILE = 'examples/trips/pipeline.yaml'
const WITHIN_MS = 4000
const FRAME = 5

type Fields = Readonly<Record<string, unknown>>

function start(args: readonly string[], env: Record<string, string>): ServiceProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new ServiceProcess(child)
}

async function valuesOf(broker: Broker, topic: string, schema: unknown): Promise<Fields[]> {
  const json = new AvroJson(schema)
  const values: Fields[] = []
  await readAll(broker, topic, ({ value }) => values.push(json.decode(value!.subarray(FRAME))))
  return values
}

/** Key and some fields of what has to come out: every trip with each observation in its zone, or alone. */
async function expected(broker: Broker, pipeline: Pipeline): Promise<string[]> {
  const { facts, rights, dimensions } = await readSchemas(pipeline, null)
  const trips = await valuesOf(broker, pipeline.facts.topic, facts)
  const observations = await valuesOf(broker, pipeline.joins[0].topic, rights[0])
  const stations = new Map(
    (await valuesOf(broker, pipeline.dimensions[0].topic, dimensions[0])).map((row) => [
      row.id,
      row,
    ]),
  )
  const timeOf = (value: unknown): number => parseTime(String(value))!
  return trips.flatMap(({ trip_id: id, station_id: station, started_at: startedAt }) => {
    const row = stations.get(station)
    const zone = row?.zone ?? null
    const found = observations.filter(({ zone: of, observed_at: at }) => {
      const ago = timeOf(startedAt) - timeOf(at)
      return of === zone && ago >= 0 && ago <= WITHIN_MS
    })
    const seen = found.length === 0 ? [null] : found
    return seen.map((one) =>
      JSON.stringify([zone, id, row?.name ?? null, one?.observed_at ?? null, one?.celsius ?? null]),
    )
  })
}

async function outputs(broker: Broker, pipeline: Pipeline, schema: string): Promise<string[]> {
  const json = new AvroJson(JSON.parse(schema))
  const rows: string[] = []
  await readAll(broker, pipeline.output.topic, ({ key, value }) => {
    const { trip_id, station, observed_at, celsius } = json.decode(value!.subarray(FRAME))
    rows.push(JSON.stringify([key && String(key), trip_id, station, observed_at, celsius]))
  })
  return rows
}

/** What of the one is not in the other, each as often as it is: the lists themselves are long. */
function differencesOf(came: readonly string[], wanted: readonly string[]) {
  const counts = new Map<string, number>()
  for (const row of wanted) counts.set(row, (counts.get(row) ?? 0) + 1)
  const surplus: string[] = []
  for (const row of came) {
    const left = counts.get(row) ?? 0
    if (left === 0) surplus.push(row)
    else counts.set(row, left - 1)
  }
  const missing = [...counts].flatMap(([row, count]) => new Array<string>(count).fill(row))
  return { missing, surplus }
}

/** The example, whose trips wait for stations that nobody knows. */
function waitingFile(folder: string): string {
  const file = join(folder, 'pipeline.yaml')
  const text = readFileSync(FILE, 'utf8')
    .replace('missing: null', 'missing: { wait: 3s }')
    .replaceAll('schema: ./', `schema: ${resolve('examples/trips')}/`)
  writeFileSync(file, text)
  return file
}

test('trips come out with the weather in the zone of their station, each row once, though an instance is killed and another takes its tasks', async () => {
  await played('trips', () => FILE)
})

test('the same where trips wait for their stations before they are joined: those that are parked outlive the kill', async () => {
  const parked = await played('waited', waitingFile)
  assert.ok(parked > 10, `${parked} trips have waited`)
})

/** @returns how many facts have waited where nobody was killed */
async function played(name: string, fileIn: (folder: string) => string): Promise<number> {
  const tag = `${name}-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  const file = fileIn(folder)
  const env = {
    KAFKA_BROKERS: await testBroker(),
    TAG: tag,
    NAME: `${tag}-job`,
    OUTPUT_TOPIC: `${tag}.weather.trips`,
    REJECTS_TOPIC: `${tag}.rejects`,
    HTTP_PORT: '0',
    OBSERVED_WITHIN: `${WITHIN_MS}ms`,
    JOIN_IDLE: '12s',
  }
  const instance = (name: string): ServiceProcess =>
    start(['dist/main.js', 'run', file], { ...env, STATE_DIR: join(folder, name) })
  const pipeline = loadPipeline(file, env)
  const broker = await connect(env.KAFKA_BROKERS)
  const running = [
    start(['examples/generate.mjs', 'trips', '--rate', '500', '--seconds', '8'], env),
  ]
  const [generator] = running
  try {
    await generator.logged('facts a second begin')
    const first = instance('a')
    running.push(first)
    await first.logged('Task running')
    const second = instance('b')
    running.push(second)
    await second.logged('Task running')
    await sleep(1500)
    await second.kill()
    assert.equal(await generator.ended, 0, generator.log)
    const checked = spawnSync(process.execPath, ['dist/main.js', 'check', file], {
      env: { ...process.env, ...env, STATE_DIR: join(folder, 'a') },
      encoding: 'utf8',
    })
    assert.match(checked.stdout, /! join field +\d+ of the last \d+ facts have no station\.zone/)
    assert.match(checked.stdout, /✓ key hash .*weather lie where/)
    const wanted = (await expected(broker, pipeline)).sort()
    const { outputSchema } = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
    let rows: string[] = []
    for (let tries = 0; tries < 120 && rows.length < wanted.length; tries++) {
      await sleep(500)
      rows = await outputs(broker, pipeline, outputSchema)
    }
    const samples = await scrape(first)
    const waited = ['completed', 'given_up'].flatMap((outcome) =>
      samples('facts_waited_total', { outcome }),
    )
    assert.equal(await first.stop(), 0, first.log)
    const differences = differencesOf(await outputs(broker, pipeline, outputSchema), wanted)
    assert.deepEqual(differences, { missing: [], surplus: [] }, first.log)
    const alone = wanted.filter((row) => row.endsWith('null,null]')).length
    const keyless = wanted.filter((row) => row.startsWith('[null')).length
    assert.ok(wanted.length - alone > 1000 && keyless > 100, `${wanted.length} ${alone} ${keyless}`)
    return waited.reduce((sum, count) => sum + count, 0)
  } finally {
    for (const { child } of running) child.kill('SIGKILL')
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  }
}
