import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Pipeline } from '../../../src/config/pipeline.ts'
import { Counts } from '../../../src/counts/counts.ts'
import { InputQueue } from '../../../src/input/input-queue.ts'
import { lastStage, planOf } from '../../../src/plan/plan.ts'
import { NO_FIGURES } from '../../../src/task/task.ts'
import {
  joinCounts,
  joinTopology,
  placeOf,
  queuesOf,
} from '../../../src/watch/status/join-views.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const joinText = (name: string): string => `${name}: { topic: ${name}s, on: id, within: 1s }`
const one = pipelineWith()
const two = pipelineWith(null, '', `joins: { ${['payment', 'shipment'].map(joinText)} }`)
const queues = (sources: number): InputQueue[] =>
  Array.from({ length: sources }, () => new InputQueue(false))
const lastOf = (pipeline: Pipeline) => lastStage(planOf(pipeline))
const keysOf = (value: object): string[] => Object.keys(value)

test('of several joins each is told by its name, beside what is told of one', () => {
  const figures = { ...NO_FIGURES, records: [1, 2, 30, 40], segments: [1, 2, 5, 4] }
  assert.deepEqual(placeOf(figures, lastOf(two), planOf(two)), {
    streamTime: null,
    window: { left: 31, right: 42, segments: 5, bytes: 0 },
    windows: [
      { join: 'payment', left: 1, right: 2, segments: 2 },
      { join: 'shipment', left: 30, right: 40, segments: 5 },
    ],
  })
  const { joins } = joinTopology(two) as { joins: { name: string; topic: string }[] }
  assert.deepEqual(
    joins.map(({ name, topic }) => [name, topic]),
    [
      ['payment', 'payments'],
      ['shipment', 'shipments'],
    ],
  )
  const sides = joinCounts(two, new Counts([], 3, 2)) as { join: string; side: string }[]
  assert.deepEqual(
    sides.map(({ join, side }) => `${join} ${side}`),
    ['payment left', 'payment right', 'shipment left', 'shipment right'],
  )
  const { lag, offsets } = queuesOf(queues(3), two)
  assert.deepEqual(lag, { facts: 0, right: 0, payment: 0, shipment: 0 })
  assert.deepEqual(offsets, { facts: -1, right: null, payment: -1, shipment: -1 })
})

test('what a task of an earlier stage does not read is not told of it', () => {
  const right = new InputQueue(false)
  assert.deepEqual(queuesOf([undefined, right], one), {
    lag: { facts: null, right: 0 },
    offsets: { facts: null, right: -1 },
  })
  assert.deepEqual(queuesOf([undefined, undefined, right], two), {
    lag: { facts: null, right: 0, payment: null, shipment: 0 },
    offsets: { facts: null, right: null, payment: null, shipment: -1 },
  })
})

test('of one join, and of none, there is nothing beside', () => {
  const figures = { ...NO_FIGURES, records: [1, 2], segments: [1, 2] }
  assert.deepEqual(keysOf(placeOf(figures, lastOf(one), planOf(one))), ['streamTime', 'window'])
  assert.deepEqual(keysOf(joinTopology(one)), ['right', 'join'])
  assert.deepEqual(queuesOf(queues(2), one), {
    lag: { facts: 0, right: 0 },
    offsets: { facts: -1, right: -1 },
  })
  const none = pipelineWith(null)
  assert.deepEqual(placeOf(NO_FIGURES, lastOf(none), planOf(none)), {
    streamTime: null,
    window: null,
  })
  assert.deepEqual(joinTopology(none), { right: null, join: null })
  assert.deepEqual(joinCounts(none, new Counts([])), [])
  assert.deepEqual(queuesOf(queues(1), none), {
    lag: { facts: 0, right: null },
    offsets: { facts: -1, right: null },
  })
})
