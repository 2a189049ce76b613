import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { TopicDescription } from '../../../src/broker/port.ts'
import { checkLimits } from '../../../src/cli/checks/limits.ts'
import { changelogTopic, inputTopics, ownTopics } from '../../../src/config/topic-names.ts'
import { pipelineWith } from '../../support/pipeline.ts'

const pipeline = pipelineWith()
type Settings = Record<string, Record<string, string>>

const found = (settings: Settings, hidden: readonly string[] = []) =>
  new Map(
    [...inputTopics(pipeline), ...ownTopics(pipeline)].map((topic): [string, TopicDescription] => [
      topic,
      {
        partitions: 1,
        config: new Map(Object.entries(settings[topic] ?? {})),
        ...(hidden.includes(topic) ? { isConfigHidden: true } : {}),
      },
    ]),
  )

const sampleOf = (bytes: number) => [[{ key: Buffer.alloc(10), value: Buffer.alloc(bytes) }]]
const said = (...args: Parameters<typeof checkLimits>): string[] =>
  checkLimits(...args)
    .filter(({ mark }) => mark !== 'ok')
    .map(({ what, detail, remedy }) => `${what}: ${detail}; ${remedy}`)

test('topics that take what the inputs do are right', () => {
  assert.deepEqual(said(pipeline, found({}), sampleOf(1000)), [])
})

test('an input with a larger limit than a topic that is written is told, with what to set', () => {
  const large = { orders: { 'max.message.bytes': '5000000' } }
  const all = said(pipeline, found(large), sampleOf(1000))
  assert.equal(all.length, 3)
  assert.match(all[0], /orders\.enriched takes batches of 1048588 .*up to 5000000: .*too_large/)
  assert.match(all[2], new RegExp(`max\\.message\\.bytes .* on ${changelogTopic(pipeline)}`))
})

test('a record that is small on the wire and large in the window is told by what it is in the sample', () => {
  const all = said(pipeline, found({}), sampleOf(2_000_000))
  assert.equal(all.length, 3)
  assert.match(all[0], /a record of an input has 2000010 bytes: .* to 4000020$/)
})

test('a limit of age is told', () => {
  const aged = { 'orders.enriched': { 'message.timestamp.before.max.ms': '86400000' } }
  const [only] = said(pipeline, found(aged), [])
  assert.match(only, /longer ago than 1d: such outputs are rejected as too_old/)
})

test('settings that may not be seen are told, with the right that is lacking', () => {
  const [only] = said(pipeline, found({}, ['orders', 'payments']), [])
  assert.match(only, /orders, payments may not be seen.*give this user describe_configs on orders/)
})
