import assert from 'node:assert/strict'
import { test } from 'node:test'
import { taskOf } from '../../../src/broker/task-number.ts'
import { InputQueue } from '../../../src/input/input-queue.ts'
import { planOf } from '../../../src/plan/plan.ts'
import { NO_FIGURES } from '../../../src/task/task.ts'
import type { ServiceParts } from '../../../src/watch/status/parts.ts'
import { stagesView, tasksView } from '../../../src/watch/status/task-views.ts'
import { pipelineWith } from '../../support/pipeline.ts'

test('the tasks of all stages are told of, each with the inputs whose records it reads, behind an internal topic too', () => {
  const join = 'join: { topic: payments, on: id, within: 1s, repartition: both }'
  const pipeline = pipelineWith(null, '', join)
  const plan = planOf(pipeline)
  const held = [5, 2, 0, 1].map((number) => {
    const id = taskOf(number, plan.stages.length)
    const queues = plan.stages[id.stage].sources.map(() => new InputQueue(false))
    const task = { ...id, queues, rowWait: null, figures: () => NO_FIGURES }
    return { task, state: 'running' }
  })
  const parts = { pipeline, plan, dimensions: [], worker: { tasks: held } }
  const tasks = tasksView(parts as unknown as ServiceParts) as Record<string, unknown>[]
  assert.deepEqual(
    tasks.map(({ stage, partition, offsets }) => [stage, partition, offsets]),
    [
      [0, 0, { facts: -1, right: null }],
      [1, 0, { facts: null, right: -1 }],
      [2, 0, { facts: -1, right: -1 }],
      [2, 1, { facts: -1, right: -1 }],
    ],
  )
  const topics = plan.stages[2].topics
  const [facts, payments] = [pipeline.facts.topic, 'payments']
  assert.deepEqual(stagesView(plan), [
    { number: 0, topics: [facts], joins: [], to: topics[0] },
    { number: 1, topics: [payments], joins: [], to: topics[1] },
    { number: 2, topics, joins: ['right'], to: null },
  ])
})
