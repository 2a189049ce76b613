import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Counts } from '../../../src/counts/counts.ts'
import type { Worker } from '../../../src/instance/worker.ts'
import { memoryLimits } from '../../../src/plan/memory.ts'
import { planOf } from '../../../src/plan/plan.ts'
import { logTo } from '../../../src/watch/log/log.ts'
import type { GroupMembers } from '../../../src/watch/status/group-members.ts'
import { Operator } from '../../../src/watch/status/operator.ts'
import type { ServiceParts } from '../../../src/watch/status/parts.ts'
import { ServiceQueries } from '../../../src/watch/status/store-queries.ts'
import { pipelineWith } from '../../support/pipeline.ts'

/** An instance without a join, with tasks that must not be told to rebuild what they do not have. */
function withoutJoin(dimensions?: string): ServiceParts {
  const pipeline = pipelineWith(null, '', dimensions)
  const rebuild = (): never => assert.fail('No task has a store')
  return {
    pipeline,
    plan: planOf(pipeline),
    version: '1',
    revision: '',
    instanceId: 'a',
    counts: new Counts(pipeline.dimensions.map(({ name }) => name)),
    limits: memoryLimits(pipeline.memory, 1 << 30),
    dimensions: [],
    worker: { rebuild } as unknown as Worker,
  }
}

const refused = (message: string) => ({ statusCode: 404, message })

test('without a join there is no window to be rebuilt, and the stores that there are are named', async () => {
  const log = logTo({ write: () => {} }, 'info')
  const operator = new Operator(withoutJoin(), log, () => {})
  await assert.rejects(
    operator.rebuild('window-0'),
    refused('There is no store window-0; there are customer'),
  )
  const bare = new Operator(withoutJoin('dimensions: {}'), log, () => {})
  await assert.rejects(
    bare.rebuild('window-0'),
    refused('There is no store window-0; there are none'),
  )
})

test('without a join a query for records of the window is answered with why there are none', async () => {
  const queries = new ServiceQueries(withoutJoin(), {} as GroupMembers)
  await assert.rejects(
    queries.window('left', 'o1'),
    refused('The pipeline has no join, so there is no window'),
  )
})
