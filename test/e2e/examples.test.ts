/** The ads and sensors examples on a real broker, fed by their generators: every output against a nested loop. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Broker } from '../../src/broker/port.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { parseTime } from '../../src/codec/avro/json-times.ts'
import { keyTextOf } from '../../src/codec/keys/keys.ts'
import type { KeyReader } from '../../src/codec/port.ts'
import { loadPipeline } from '../../src/config/load.ts'
import type { Column, Pipeline, TopicConfig } from '../../src/config/pipeline.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { testBroker } from '../support/kafka.ts'
import { connect, readAll } from '../support/topics.ts'
import { ServiceProcess } from './orders.ts'

const FRAME = 5

type Fields = Readonly<Record<string, unknown>>
interface Row {
  readonly key: string
  readonly time: number
  readonly value: Fields
}

function start(args: string[], env: Record<string, string>): ServiceProcess {
  const child = spawn(process.execPath, args, {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new ServiceProcess(child)
}

async function rowsOf(
  broker: Broker,
  config: TopicConfig,
  schema: unknown,
  reader: KeyReader,
): Promise<Row[]> {
  const json = new AvroJson(schema)
  const rows: Row[] = []
  await readAll(broker, config.topic, ({ key, value, timestamp }) => {
    const fields = json.decode(value!.subarray(FRAME))
    const own = config.time === null ? timestamp : parseTime(String(fields[config.time]))
    rows.push({ key: keyTextOf(reader, key!)!, time: Math.floor(own!), value: fields })
  })
  return rows
}

interface Expected {
  readonly outputs: string[]
  readonly unmatched: number
  readonly dropped: number
  readonly rejected: string[]
}

const columnsOf = (select: readonly Column[] | null, row: Fields | undefined): Fields =>
  Object.fromEntries(select!.map(({ name, source }) => [name, row?.[source] ?? null]))

const outputText = (key: string, time: number, value: Fields): string =>
  JSON.stringify([key, time, value])

/** Every fact with every right record, and with every row. */
function nestedLoop(
  { dimensions, joins: [join] }: Pipeline,
  facts: readonly Row[],
  right: readonly Row[],
  tables: readonly (readonly Row[])[],
): Expected {
  const { beforeMs, afterMs, kind, select } = join!
  const outputs: string[] = []
  const rejected: string[] = []
  let [unmatched, dropped] = [0, 0]
  for (const { key, time, value } of facts) {
    let left: Fields = value
    let fate = ''
    for (const [d, { on, missing, select: selected }] of dimensions.entries()) {
      const row = tables[d].findLast((other) => other.key === String(value[on]))
      if (row === undefined && missing !== 'null') fate ||= missing
      left = { ...left, ...columnsOf(selected, row?.value) }
    }
    if (fate === 'drop') dropped++
    if (fate === 'reject') rejected.push(key)
    if (fate !== '') continue
    let isMatched = false
    for (const other of right) {
      const isNear = other.time >= time - beforeMs && other.time <= time + afterMs
      if (other.key !== key || !isNear) continue
      isMatched = true
      const joined = { ...left, ...columnsOf(select, other.value) }
      outputs.push(outputText(key, Math.max(time, other.time), joined))
    }
    if (isMatched || kind === 'inner') continue
    unmatched++
    outputs.push(outputText(key, time, { ...left, ...columnsOf(select, undefined) }))
  }
  return { outputs: outputs.sort(), unmatched, dropped, rejected: rejected.sort() }
}

async function outputsOf(broker: Broker, topic: string, schema: string): Promise<string[]> {
  const json = new AvroJson(JSON.parse(schema))
  const outputs: string[] = []
  await readAll(broker, topic, ({ key, value, timestamp }) => {
    outputs.push(outputText(String(key), timestamp, json.decode(value!.subarray(FRAME))))
  })
  return outputs.sort()
}

/** Runs generator and service, and compares all that came out. @returns what had to */
async function run(example: string, options: Record<string, string>): Promise<Expected> {
  const tag = `${example}-${process.pid}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-test-'))
  const env = {
    KAFKA_BROKERS: await testBroker(),
    TAG: tag,
    NAME: `${tag}-job`,
    OUTPUT_TOPIC: `${tag}.enriched`,
    REJECTS_TOPIC: `${tag}.rejects`,
    STATE_DIR: folder,
    HTTP_PORT: '0',
    ...options,
  }
  const file = `examples/${example}/pipeline.yaml`
  const pipeline = loadPipeline(file, env)
  const broker = await connect(env.KAFKA_BROKERS)
  const generator = start(
    ['examples/generate.mjs', example, '--rate', '400', '--seconds', '5'],
    env,
  )
  let service: ServiceProcess | undefined
  try {
    await generator.logged('facts a second begin')
    service = start(['dist/main.js', 'run', file], env)
    assert.equal(await generator.ended, 0, generator.log)

    const schemas = await readSchemas(pipeline, null)
    const { outputSchema, sources, dimensionKeys } = createPipelineCodec(pipeline, schemas, null)
    const facts = await rowsOf(broker, pipeline.facts, schemas.facts, sources[0].key)
    assert.equal(facts.length, 2000)
    const right = await rowsOf(broker, pipeline.joins[0], schemas.rights[0], sources[1].key)
    const tables = await Promise.all(
      pipeline.dimensions.map((config, d) =>
        rowsOf(broker, { ...config, time: null }, schemas.dimensions[d], dimensionKeys[d]),
      ),
    )
    const expected = nestedLoop(pipeline, facts, right, tables)

    await service.logged('Task running')
    let got: string[] = []
    for (let tries = 0; tries < 120 && got.length < expected.outputs.length; tries++) {
      await sleep(500)
      got = await outputsOf(broker, pipeline.output.topic, outputSchema)
    }
    assert.equal(await service.stop(), 0, service.log)
    assert.deepEqual(await outputsOf(broker, pipeline.output.topic, outputSchema), expected.outputs)
    const rejected: string[] = []
    await readAll(broker, pipeline.output.rejects, ({ key, headers }) => {
      rejected.push(keyTextOf(sources[0].key, key!)!)
      const reason = headers.find(([name]) => name === 'enricher.reason')
      assert.equal(String(reason?.[1]), 'missing_dimension')
    })
    assert.deepEqual(rejected.sort(), expected.rejected)
    return expected
  } finally {
    generator.child.kill('SIGKILL')
    service?.child.kill('SIGKILL')
    await broker.close()
    rmSync(folder, { recursive: true, force: true })
  }
}

test('ads: every impression comes out with each of its clicks, or alone, as a nested loop has it', async () => {
  const options = { CLICKED_WITHIN: '4s', JOIN_IDLE: '12s' }
  const { outputs, unmatched, dropped } = await run('ads', options)
  assert.ok(unmatched > 1000 && dropped > 0 && outputs.length > unmatched + 400)
})

test('sensors: every reading comes out with each calibration before it, as a nested loop has it', async () => {
  const { outputs, rejected } = await run('sensors', { CALIBRATED_WITHIN: '3s' })
  assert.ok(outputs.length > 500 && rejected.length > 20)
})
