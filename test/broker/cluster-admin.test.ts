import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Admin as KafkaAdmin } from 'kafkajs'
import { adminOf } from '../../src/broker/cluster-admin.ts'
import type { Cluster } from '../../src/broker/kafkajs.ts'
import type { Admin } from '../../src/broker/port.ts'
import { addTopic } from '../../src/broker/target-topics.ts'
import { asError } from '../../src/broker/topic-arrays.ts'
import type { EnricherError } from '../../src/errors.ts'

const REQUEST_TIMED_OUT = 7
const UNKNOWN_TOPIC_OR_PARTITION = 3
const TOPIC_ALREADY_EXISTS = 36
const TOPIC_AUTHORIZATION_FAILED = 29

const topics = ['output', 'changelog'].map((topic) => ({ topic, partitions: 3, config: {} }))

/** @param answers what each try fails with, an error a topic; after these the topics are created */
function adminThat(answers: number[][]): { admin: Admin; tries: () => number } {
  let tries = 0
  const kafkaAdmin = {
    // kafkajs has one error with those of all topics.
    async createTopics() {
      tries++
      const codes = answers.shift()
      if (codes === undefined) return true
      throw Object.assign(new Error('Topic creation errors'), {
        name: 'KafkaJSAggregateError',
        errors: codes.map((code, i) => Object.assign(asError(code), topics[i])),
      })
    },
    fetchTopicMetadata: async () => ({ topics: [] }),
  } as unknown as KafkaAdmin
  const cluster = { refreshMetadata: async () => {} } as unknown as Cluster
  const admin = adminOf(cluster, kafkaAdmin, { event() {} }, new AbortController().signal)
  return { admin, tries: () => tries }
}

test('topics are created once the controller answers in time, and those that it had created meanwhile are no fault', async () => {
  const { admin, tries } = adminThat([
    [REQUEST_TIMED_OUT, REQUEST_TIMED_OUT],
    [TOPIC_ALREADY_EXISTS, REQUEST_TIMED_OUT],
  ])
  await admin.createTopics(topics)
  assert.equal(tries(), 3)
})

test('who may not create a topic is told so at once, with the topic', async () => {
  const { admin, tries } = adminThat([[TOPIC_ALREADY_EXISTS, TOPIC_AUTHORIZATION_FAILED]])
  const fields = { broker: 'TOPIC_AUTHORIZATION_FAILED', topic: 'changelog', operation: 'Create' }
  await assert.rejects(admin.createTopics(topics), (error: EnricherError) => {
    assert.equal(error.code, 'NOT_AUTHORIZED')
    assert.deepEqual({ ...error.fields, ...fields }, error.fields)
    return true
  })
  assert.equal(tries(), 1)
})

/** As kafkajs has it: metadata are asked about all topics that were added, and of one that is not there the whole question fails. */
function clusterWith(there: readonly string[], added: readonly string[]): Cluster {
  const cluster = {
    targetTopics: new Set(added),
    async addMultipleTargetTopics(topics: readonly string[]) {
      const before = new Set(cluster.targetTopics)
      for (const topic of topics) cluster.targetTopics.add(topic)
      const isThere = [...cluster.targetTopics].every((topic) => there.includes(topic))
      if (isThere) return
      cluster.targetTopics = before
      throw asError(UNKNOWN_TOPIC_OR_PARTITION)
    },
    findControllerBroker: async () => ({
      connectionPool: {
        send: async () =>
          ['new', ...cluster.targetTopics].map((topic) => [
            topic,
            { state: there.includes(topic) ? 'there' : 'missing' },
          ]),
      },
    }),
  }
  return cluster as unknown as Cluster
}

test('topics that were asked about and are gone do not fail the question about a new one', async () => {
  const cluster = clusterWith(['kept', 'new'], ['gone', 'kept', 'deleted'])
  await addTopic(cluster, 'new')
  assert.deepEqual([...cluster.targetTopics], ['kept', 'new'])
})

test('a topic that is not there itself is the one that is named', async () => {
  const cluster = clusterWith(['kept'], ['kept'])
  await assert.rejects(addTopic(cluster, 'new'), { topic: 'new' })
})
