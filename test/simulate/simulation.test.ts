import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createPipelineCodec, outputFrame, readSchemas } from '../../src/codec/avro.ts'
import { AvroJson } from '../../src/codec/avro-json.ts'
import { loadPipeline } from '../../src/config/load.ts'
import type { Step } from '../../src/simulate/fixture.ts'
import { Simulation } from '../../src/simulate/simulation.ts'
import { type ModelRecord, type ModelTimes, naiveJoin } from '../window/model.ts'

const NOON = Date.parse('2025-01-01T12:00:00Z')
const WITHIN_MS = 2000
const GRACE_MS = 10_000

async function simulate(records: readonly ModelRecord[], kind: 'inner' | 'left') {
  const env = { JOIN_KIND: kind, WITHIN: `${WITHIN_MS}ms`, JOIN_IDLE: '7d' }
  const pipeline = loadPipeline('examples/orders/pipeline.yaml', env)
  const schemas = await readSchemas(pipeline, null)
  const codec = createPipelineCodec(pipeline, schemas, null)
  const [facts, right] = [new AvroJson(schemas.facts), new AvroJson(schemas.right)]
  const stepOf = ({ side, key, id, time }: ModelRecord): Step => {
    const order = { order_id: key, customer_id: 1, product_id: 1, price: 1, channel: 'web' }
    const body =
      side === 0
        ? facts.encode({ ...order, quantity: id, ordered_at: time }, assert.fail)
        : right.encode({ order_id: key, method: '', amount: id, paid_at: time }, assert.fail)
    const value = Buffer.concat([outputFrame(0), body!])
    const record = { key: Buffer.from(key), value, headers: [], timestamp: time }
    return { kind: side === 0 ? 'fact' : 'right', record }
  }
  const simulation = await Simulation.open(pipeline, codec, NOON)
  try {
    for (const record of records) await simulation.take(stepOf(record))
    await simulation.take({ kind: 'wait', ms: 7 * 86_400_000 })
    return simulation.effects
  } finally {
    await simulation.close()
  }
}

const streams = fc
  .array(
    fc.record({
      side: fc.constantFrom(0, 1),
      step: fc.integer({ min: 0, max: 6000 }),
      back: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 40_000 })),
      key: fc.constantFrom('a', 'b', 'c'),
    }),
    { maxLength: 40 },
  )
  .map((steps) => {
    let time = NOON
    return steps.map(({ side, step, back, key }, id): ModelRecord => {
      time += step
      return { side, key, id, time: time - back }
    })
  })

test('what comes out of a simulation, and what is dropped, agrees with a nested loop over all records', async () => {
  let seen = 0
  await fc.assert(
    fc.asyncProperty(streams, fc.constantFrom('inner', 'left'), async (records, kind) => {
      const times: ModelTimes = {
        beforeMs: WITHIN_MS,
        afterMs: WITHIN_MS,
        graceMs: GRACE_MS,
        kind,
      }
      const { outputs, unmatched, drops, rejects } = await simulate(records, kind)
      const pairs = outputs.map(({ value }) => `${value.quantity}-${value.amount}`)
      const alone = unmatched.map(({ value }) => `${value.quantity}-`)
      let streamTime = 0
      const late = records.filter(({ time }) => {
        const isLate = time + 2 * WITHIN_MS + GRACE_MS < streamTime
        streamTime = Math.max(streamTime, time)
        return isLate
      })
      const comesOut = ({ side }: ModelRecord): boolean => kind === 'left' && side === 0
      const lateAlone = late.filter(comesOut).map(({ id }) => `${id}-`)
      const due = [...naiveJoin(records, times), ...lateAlone].sort()
      assert.deepEqual([...pairs, ...alone].sort(), due)
      const dropped = late.filter((record) => !comesOut(record))
      assert.deepEqual(
        drops.map(({ from, key, reason }) => `${from} ${key} ${reason}`),
        dropped.map(({ side, key }) => `${side === 0 ? 'fact' : 'right'} ${key} late`),
      )
      seen += late.length
      assert.deepEqual(rejects, [])
    }),
    { numRuns: 60 },
  )
  assert.ok(seen > 0)
})
