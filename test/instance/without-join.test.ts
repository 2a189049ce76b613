/** Instances without a join: the group's offsets alone say where they go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, messageOf } from '../../src/errors.ts'
import { withPlain } from './plain-instances.ts'

test('offsets of a topic that was deleted and made anew are not taken for those of the new one', () =>
  withPlain(async (on) => {
    await on.put([1, 2, 3])
    const first = await on.start()
    await on.until('they are committed', () => on.committed() === 3)
    await first.stop()
    // The broker has kept the offsets, as Kafka does where commits are under way meanwhile.
    on.kafka.topics.delete('facts')
    on.kafka.topics.create('facts', 1, {})
    await on.put([4, 5, 6, 7, 8])
    await on.start()
    await on.until('it has ended', () => on.fatal.length > 0)
    assert.equal(codeOf(on.fatal[0]), 'OFFSETS_CHANGED')
    assert.match(messageOf(on.fatal[0]), /facts was deleted and created anew .*reset/)
    assert.deepEqual(await on.rows(), [1, 2, 3])
  }))

test('offsets that a release without topic ids has committed are taken, and get the id with the next commit', () =>
  withPlain(async (on) => {
    await on.put([1, 2, 3])
    const producer = on.kafka.client('old').producer({ transactionalId: 'old', timeoutMs: 1000 })
    await producer.init()
    producer.begin()
    const nobody = { generationId: -1, memberId: '', groupInstanceId: null }
    await producer.sendOffsets('join', nobody, [{ topic: 'facts', partition: 0, offset: 2 }])
    await producer.commit()
    await on.start()
    await on.until('the rest is committed', () => on.committed() === 3)
    await on.until('it has come out', async () => (await on.rows()).length > 0)
    assert.deepEqual(await on.rows(), [3])
    const [{ topicId }] = on.kafka.group('join').offsets.committed
    assert.equal(topicId, on.kafka.topics.get('facts').id)
  }))

test('of two pipelines with one name, the one that comes later gets no tasks, and both are told', () =>
  withPlain(async (on) => {
    on.kafka.topics.create('others', 2, {})
    const first = await on.start('a')
    await on.until('it has both tasks', () => first.assigned === 2)
    const second = await on.start('b', 'others')
    const told = () => on.events.filter(({ name }) => name === 'name_shared')
    await on.until('both are told', () => told().length >= 2)
    assert.deepEqual([first.assigned, second.assigned], [2, 0])
    assert.deepEqual(first.rivals, { topics: ['others'], haveAll: false })
    assert.deepEqual(second.rivals, { topics: ['facts'], haveAll: true })
    await on.put([1, 2], 0)
    await on.put([3, 4], 1)
    await on.until('all facts come out', async () => (await on.rows()).length === 4)
    await first.stop()
    await on.until('the other has all tasks, and nobody beside it', () => second.assigned === 2)
    await on.until('it knows that', () => second.rivals.topics.length === 0)
    assert.deepEqual(on.fatal, [])
  }, 2))

test('offsets over records that are never delivered are committed: not at once, and with a stop', () =>
  withPlain(async (on) => {
    await on.putAborted([1, 2, 3])
    const worker = await on.start()
    await on.until(
      'they are passed over, as nothing else is to be done',
      () => on.committed() === 4,
    )
    await on.put([4])
    await on.until('a fact is committed', () => on.committed() === 5)
    await on.putAborted([5, 6])
    const { queues } = worker.tasks[0].task
    await on.until('they are passed over, too', () => queues[0].taken === on.end())
    await sleep(50)
    assert.equal(on.committed(), 5, 'no commit only for that, so soon')
    const before = on.commits
    on.wait(5000)
    await on.until('it is committed after a while', () => on.committed() === on.end())
    await sleep(50)
    on.wait(5000)
    await sleep(50)
    assert.equal(on.commits - before, 1, 'once, for all that it is idle')
    await on.putAborted([7])
    await on.until('the last are passed over', () => queues[0].taken === on.end())
    await worker.stop()
    assert.equal(on.committed(), on.end())

    // Retention, while nothing runs.
    const log = on.kafka.topics.log({ topic: 'facts', partition: 0 })
    log.deleteBefore(log.end)
    await on.start()
    await on.until(
      'it runs',
      () => on.events.filter(({ name }) => name === 'task_running').length > 1,
    )
    assert.ok(on.events.every(({ name }) => name !== 'records_deleted_unread'))
    assert.deepEqual(await on.rows(), [4])
  }))

test('where the group’s offsets are forgotten a start says that each fact comes out once more, and else it does not', () =>
  withPlain(async (on) => {
    const told = () => on.events.filter(({ name }) => name === 'facts_read_again')
    await on.put([1, 2])
    // As a first commit leaves it that has failed: its records are aborted.
    on.kafka.faults.order({ api: 'EndTxn', fault: { refuse: 'UNKNOWN_SERVER_ERROR' } })
    const first = await on.start()
    await on.until('they are committed', () => on.committed() === 2)
    assert.ok(on.events.some(({ name }) => name === 'epoch_aborted'))
    await first.stop()
    const second = await on.start()
    await on.until('it runs', () => second.tasks[0]?.state === 'running')
    await second.stop()
    assert.deepEqual(told(), [])
    on.kafka.deleteGroup('join')
    await on.start()
    await on.until('they come out again', async () => (await on.rows()).length === 4)
    const fields = { topic: 'facts', partition: 0, output: 'joined' }
    assert.deepEqual(told(), [{ name: 'facts_read_again', fields }])
  }))
