import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WriteLimits } from '../../src/commit/write-limits.ts'
import { changelogTopic, ownTopics } from '../../src/config/topic-names.ts'
import { EnricherError } from '../../src/errors.ts'
import type { Log } from '../../src/events.ts'
import { planOf } from '../../src/plan/plan.ts'
import { limitsOf, readLimits } from '../../src/plan/topics.ts'
import { pipelineWith } from '../support/pipeline.ts'

const pipeline = pipelineWith()
const { topic: OUTPUT } = pipeline.output
const CHANGELOG = changelogTopic(pipeline)!
const DAY = 86_400_000
const quiet: Log = { event() {} } as unknown as Log

interface Settings {
  [name: string]: string
}

const limits = (settings: Settings, isConfigHidden = false) =>
  limitsOf({ partitions: 1, config: new Map(Object.entries(settings)), isConfigHidden })

/** Limits of a cluster whose topics have these settings; an output topic's may change. */
async function limitsWith(output: Settings, isConfigHidden = false) {
  const settings = { ...output }
  const state = { commits: 0, isAway: false }
  const admin = {
    describeTopics: async (topics: readonly string[]) => {
      if (state.isAway) throw new Error('No broker answers')
      return new Map(
        topics.map((topic) => [
          topic,
          {
            partitions: 1,
            config: new Map(Object.entries(topic === OUTPUT ? settings : {})),
            isConfigHidden,
          },
        ]),
      )
    },
  }
  return {
    settings,
    state,
    limits: new WriteLimits(
      planOf(pipeline),
      {
        partitions: new Map(ownTopics(pipeline).map((topic) => [topic, 1])),
        limits: await readLimits(ownTopics(pipeline), admin),
      },
      admin,
      () => state.commits,
      quiet,
    ),
  }
}

const refused = (broker: string, topic = OUTPUT): EnricherError =>
  new EnricherError('RECORD_REFUSED', 'Refused', { fields: { topic, broker } })

test('the limits of times are those that the broker looks at, of any version', () => {
  const times = (settings: Settings): (number | undefined)[] => {
    const { behindMs, aheadMs } = limits(settings)
    return [behindMs, aheadMs]
  }
  const name = (which: string): string => `message.timestamp.${which}.max.ms`
  const never = '9223372036854775807'
  assert.deepEqual(times({}), [Infinity, Infinity])
  // Kafka 2.5 to 3.5: one limit, of both directions.
  assert.deepEqual(times({ [name('difference')]: String(DAY) }), [DAY, DAY])
  assert.deepEqual(times({ [name('difference')]: never }), [Infinity, Infinity])
  // 3.6 to 3.9: the older one counts where the newer is not set.
  assert.deepEqual(
    times({ [name('difference')]: '5', [name('before')]: never, [name('after')]: '7' }),
    [5, 7],
  )
  // From 4.0 on.
  assert.deepEqual(times({ [name('before')]: String(DAY), [name('after')]: '3600000' }), [
    DAY,
    3_600_000,
  ])
  const append = { 'message.timestamp.type': 'LogAppendTime', [name('before')]: '1' }
  assert.deepEqual(times(append), [Infinity, Infinity])
})

test('a batch has to fit into a segment, too, and leaves room for the broker’s own compression', () => {
  assert.equal(limits({}).batchBytes, 1_048_588)
  assert.equal(limits({ 'segment.bytes': '50000' }).batchBytes, 50_000)
  assert.equal(limits({ 'compression.type': 'producer' }).batchBytes, 1_048_588)
  assert.ok(limits({ 'compression.type': 'snappy' }).batchBytes < 1_048_588)
})

test('a size that was lowered is what the next epoch is written by', async () => {
  const { limits: written, settings } = await limitsWith({})
  assert.equal(written.outputs[0].maxBatchBytes, 1_048_588)
  settings['max.message.bytes'] = '20000'
  await written.refused(refused('MESSAGE_TOO_LARGE'))
  assert.equal(written.outputs[0].maxBatchBytes, 20_000)
  assert.equal(written.rejects.maxBatchBytes, 1_048_588)
  assert.equal(written.ofTasks.maxEntryBytes, 20_000 - 512)
})

test('a size that is refused although it has not changed ends with a sentence, after some tries', async () => {
  const { limits: written } = await limitsWith({ 'max.message.bytes': '30000' })
  for (let i = 1; i < 7; i++) await written.refused(refused('MESSAGE_TOO_LARGE'))
  await assert.rejects(written.refused(refused('MESSAGE_TOO_LARGE')), {
    code: 'BROKER_REFUSED',
    message: new RegExp(`30000 bytes for ${OUTPUT} .*raise max\\.message\\.bytes`),
  })
})

test('a size that may not be seen is found by halves', async () => {
  const { limits: written } = await limitsWith({}, true)
  const sizes: number[] = []
  const work = async (): Promise<void> => {
    for (;;) {
      await written.refused(refused('MESSAGE_TOO_LARGE', CHANGELOG))
      sizes.push(written.changelogs[0].maxRecordBytes + 512)
    }
  }
  await assert.rejects(work(), { code: 'BROKER_REFUSED' })
  assert.deepEqual(sizes, [524_294, 262_147, 131_073, 65_536, 32_768, 16_384])
})

test('what two topics take that may not be seen is found for both, one after the other', async () => {
  const { limits: written } = await limitsWith({}, true)
  for (const topic of [OUTPUT, CHANGELOG, OUTPUT, CHANGELOG, OUTPUT]) {
    await written.refused(refused('MESSAGE_TOO_LARGE', topic))
  }
  assert.equal(written.outputs[0].maxBatchBytes, 131_073)
  assert.equal(written.changelogs[0].maxRecordBytes + 512, 262_147)
  await assert.rejects(written.refused(refused('INVALID_TIMESTAMP')))
  assert.equal(written.outputs[0].maxBatchBytes, 131_073)
})

test('refusals with commits in between are no series, of sizes and of times', async () => {
  for (const broker of ['MESSAGE_TOO_LARGE', 'INVALID_TIMESTAMP']) {
    const { limits: written, state } = await limitsWith({
      'max.message.bytes': '30000',
      'message.timestamp.before.max.ms': String(DAY),
    })
    for (let i = 0; i < 50; i++) {
      state.commits++
      await written.refused(refused(broker))
    }
    assert.ok(DAY - written.ofTasks.behindMs <= 60_000)
  }
})

test('where no broker answers the limits stay as they are, and the next refusal reads them', async () => {
  const { limits: written, settings, state } = await limitsWith({})
  settings['max.message.bytes'] = '20000'
  state.isAway = true
  await written.refused(refused('MESSAGE_TOO_LARGE'))
  assert.equal(written.outputs[0].maxBatchBytes, 1_048_588)
  state.isAway = false
  await written.refused(refused('MESSAGE_TOO_LARGE'))
  assert.equal(written.outputs[0].maxBatchBytes, 20_000)
})

test('a limit that is raised again counts at the next look, where something was refused', async () => {
  const { limits: written, settings } = await limitsWith({ 'max.message.bytes': '30000' })
  settings['max.message.bytes'] = '20000'
  assert.equal(await written.look(), false, 'nothing was refused')
  await written.refused(refused('MESSAGE_TOO_LARGE'))
  assert.equal(await written.look(), false)
  settings['max.message.bytes'] = '40000'
  assert.equal(await written.look(), true)
  assert.equal(written.outputs[0].maxBatchBytes, 40_000)
  assert.equal(await written.look(), false)
})

test('a limit of age that is new counts from the next epoch on', async () => {
  const { limits: written, settings } = await limitsWith({})
  assert.equal(written.ofTasks.behindMs, Infinity)
  settings['message.timestamp.before.max.ms'] = String(DAY)
  await written.refused(refused('INVALID_TIMESTAMP'))
  assert.equal(written.ofTasks.behindMs, DAY)
})

test('clocks that differ are made up for, up to a minute', async () => {
  const { limits: written } = await limitsWith({ 'message.timestamp.before.max.ms': String(DAY) })
  const slack: number[] = []
  const work = async (): Promise<void> => {
    for (;;) {
      await written.refused(refused('INVALID_TIMESTAMP'))
      slack.push(DAY - written.ofTasks.behindMs)
    }
  }
  await assert.rejects(work(), {
    code: 'BROKER_REFUSED',
    message: /set the clocks of this machine/,
  })
  assert.deepEqual(slack, [1000, 2000, 4000, 8000, 16_000, 32_000])
})

test('times that are refused where there is no limit, or none that may be seen, end with a sentence', async () => {
  const { limits: free } = await limitsWith({})
  await assert.rejects(free.refused(refused('INVALID_TIMESTAMP')), { code: 'BROKER_REFUSED' })
  const { limits: hidden } = await limitsWith({}, true)
  await assert.rejects(hidden.refused(refused('INVALID_TIMESTAMP')), {
    message: new RegExp(`give it DescribeConfigs on ${OUTPUT}`),
  })
})
