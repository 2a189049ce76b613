/** Instances without a join: the group's offsets alone say where they go on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
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
    await producer.sendOffsets('plain', nobody, [{ topic: 'facts', partition: 0, offset: 2 }])
    await producer.commit()
    await on.start()
    await on.until('the rest is committed', () => on.committed() === 3)
    assert.deepEqual(await on.rows(), [3])
    const [{ topicId }] = on.kafka.group('plain').offsets.committed
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
