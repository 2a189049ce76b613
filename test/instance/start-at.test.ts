/** The decision where a group begins, on a Kafka in memory: whatever goes wrong, and however many decide. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import fc from 'fast-check'
import type { OffsetCommit } from '../../src/broker/port.ts'
import type { ChangelogTopic } from '../../src/commit/epoch-part.ts'
import type { EventName } from '../../src/events.ts'
import { decideStart } from '../../src/instance/start-at.ts'
import { planOf } from '../../src/plan/plan.ts'
import { readHeaders } from '../../src/state/stored-layout.ts'
import type { Api, Fault } from '../support/memory-broker/faults.ts'
import { MemoryKafka } from '../support/memory-broker.ts'
import { pipelineWith } from '../support/pipeline.ts'

const NOW = 1_735_689_600_000
const PARTITIONS = 3
/** More of them where somebody has the time. */
const RUNS = Number(process.env.WORKER_RUNS ?? 12)
const CHANGELOG: ChangelogTopic = {
  topic: 'changelog',
  layout: 'of this pipeline',
  schemaIds: [],
  maxRecordBytes: 1_000_000,
  shorten() {},
}

type Said = { facts: string; join?: string | null }

/** A Kafka with the topics of a pipeline, and instances of it that decide. */
class World {
  readonly kafka = new MemoryKafka(NOW)
  readonly events: [EventName, object][] = []
  readonly #plan
  readonly #hasJoin: boolean
  #clients = 0
  #time = setInterval(() => this.kafka.advance(100), 5)

  constructor({ facts, join = null }: Said) {
    this.#hasJoin = join !== null
    const pipeline = pipelineWith(join, '', undefined, undefined, `{ topic: orders${facts} }`)
    this.#plan = planOf(pipeline)
    for (const topic of ['orders', 'payments', 'job-facts-repartition', 'changelog']) {
      this.kafka.topics.create(topic, PARTITIONS, {})
    }
  }

  close(): void {
    clearInterval(this.#time)
  }

  async put(topic: string, partition: number, timestamp = NOW): Promise<void> {
    const record = { key: null, value: Buffer.from('x'), headers: [], timestamp }
    await this.kafka.append({ topic, partition }, [record])
  }

  ends(topic: string): number[] {
    return this.kafka.topics.get(topic).partitions.map(({ end }) => end)
  }

  /** -1: there is none. */
  committed(topic: string): number[] {
    const all: OffsetCommit[] = this.kafka.findGroup('job')?.offsets.committed ?? []
    return this.kafka.topics
      .get(topic)
      .partitions.map(
        ({ partition: p }) =>
          all.find((of) => of.topic === topic && of.partition === p)?.offset ?? -1,
      )
  }

  async decide(clientId = `client-${++this.#clients}`, partitions = PARTITIONS): Promise<void> {
    const broker = this.kafka.client(clientId)
    const plan = this.#plan
    const stages = plan.stages.map(({ topics }) => ({ topics, partitions }))
    const options = { groupId: 'job', stages, instanceId: null }
    const times = { sessionTimeoutMs: 1000, rebalanceTimeoutMs: 1000 }
    const none = async (): Promise<void> => {}
    const group = broker.group(
      { ...options, ...times },
      {
        userData: () => Buffer.alloc(0),
        assign: () => new Map(),
        beforeJoin: none,
        onAssigned: none,
        onLost: none,
        onFatal: () => {},
      },
    )
    await decideStart({
      broker,
      group,
      plan,
      partitions: plan.stages.map(() => partitions),
      topicIds: plan.sources.map(() => null),
      changelogs: this.#hasJoin ? [CHANGELOG] : [],
      now: () => NOW,
      log: { event: (name, fields) => this.events.push([name, fields]) },
    })
    await group.close()
  }
}

async function inWorld(said: Said, body: (world: World) => Promise<void>): Promise<void> {
  const world = new World(said)
  try {
    await body(world)
  } finally {
    world.close()
  }
}

test('latest is the end as it was at the first start, also where nothing is committed for long after it', () =>
  inWorld({ facts: ', startAt: latest' }, async (world) => {
    for (const partition of [0, 0, 2]) await world.put('orders', partition)
    await world.decide()
    const decided = world.committed('orders')
    assert.deepEqual(decided, [2, 0, 1])
    assert.deepEqual(world.events, [['start_decided', { topic: 'orders', offsets: [2, 0, 1] }]])
    // The process dies before its first commit, and records come.
    for (const partition of [0, 1, 1, 2]) await world.put('orders', partition)
    await world.decide()
    assert.deepEqual(world.committed('orders'), decided)
    assert.equal(world.events.length, 1)
  }))

test('a partition that is added later has no offset, and so begins at its beginning', () =>
  inWorld({ facts: ', startAt: latest' }, async (world) => {
    for (const partition of [0, 1]) await world.put('orders', partition)
    await world.decide('before', 2)
    await world.put('orders', 2)
    await world.decide('after', PARTITIONS)
    assert.deepEqual(world.committed('orders'), [1, 1, -1])
  }))

test('earliest decides nothing, and asks nothing', () =>
  inWorld({ facts: ', startAt: earliest', join: '' }, async (world) => {
    await world.put('orders', 0)
    await world.decide()
    assert.deepEqual([world.committed('orders'), world.events], [[-1, -1, -1], []])
    assert.ok(world.kafka.findGroup('job')?.offsets.isEmpty)
  }))

test('a time is the first record whose timestamp is not before it; where none is, the end', () =>
  inWorld({ facts: `, startAt: ${NOW}` }, async (world) => {
    for (const ago of [5, 1, 0, 3]) await world.put('orders', 0, NOW - ago)
    for (const ago of [5, 1]) await world.put('orders', 1, NOW - ago)
    await world.decide()
    assert.deepEqual(world.committed('orders'), [2, 2, 0])
  }))

test('the right topic begins where the facts’ first may have matches, unless the file says where', async () => {
  const at = new Date(NOW).toISOString()
  /** Right records 80, 60 and 0 s before the start; the window reaches back 60 s. */
  const starts = async (said: Said): Promise<number[][]> => {
    let found: number[][] = []
    await inWorld(said, async (world) => {
      for (const ago of [80_000, 60_000, 0]) await world.put('payments', 0, NOW - ago)
      await world.put('orders', 0, NOW - 1)
      await world.decide()
      found = [world.committed('orders'), world.committed('payments')].map((of) => of.slice(0, 1))
    })
    return found
  }
  assert.deepEqual(await starts({ facts: ', startAt: latest', join: '' }), [[1], [1]])
  assert.deepEqual(await starts({ facts: `, startAt: "${at}"`, join: '' }), [[1], [1]])
  const ahead = ', time: paid_at, ahead: 30s'
  assert.deepEqual(await starts({ facts: ', startAt: latest', join: ahead }), [[1], [0]])
  const all = ', startAt: earliest'
  assert.deepEqual(await starts({ facts: ', startAt: latest', join: all }), [[1], [0]])
  const none = ', startAt: latest'
  assert.deepEqual(await starts({ facts: '', join: none }), [[0], [3]])
})

test('the window’s changelog gets the decision with the offsets, and alone says that there was one', () =>
  inWorld({ facts: ', startAt: latest', join: '' }, async (world) => {
    await world.put('orders', 1)
    await world.decide()
    const { last } = await readHeaders(world.kafka.client('reader'), CHANGELOG.topic)
    const offsets = [...last].sort(([a], [b]) => a - b).map(([, header]) => header?.offsets)
    assert.deepEqual(offsets, [
      [0, 0],
      [1, 0],
      [0, 0],
    ])
    // The broker has forgotten the group's offsets.
    world.kafka.deleteGroup('job')
    await world.put('orders', 1)
    await world.decide()
    assert.deepEqual(world.committed('orders'), [-1, -1, -1])
  }))

test('inputs of all stages begin where they are said to, and an internal topic at its beginning', () =>
  inWorld({ facts: ', startAt: latest', join: ', repartition: facts' }, async (world) => {
    await world.put('orders', 1)
    await world.put('payments', 2, NOW - 80_000)
    await world.decide()
    assert.deepEqual(world.committed('orders'), [0, 1, 0])
    assert.deepEqual(world.committed('payments'), [0, 0, 1])
    assert.deepEqual(world.committed('job-facts-repartition'), [-1, -1, -1])
    const topics = world.events.map(([, fields]) => (fields as { topic: string }).topic)
    assert.deepEqual(topics, ['orders', 'payments'])
    const { last } = await readHeaders(world.kafka.client('reader'), CHANGELOG.topic)
    const offsets = [...last].sort(([a], [b]) => a - b).map(([, header]) => header?.offsets)
    assert.deepEqual(offsets, [
      [-1, 0],
      [-1, 0],
      [-1, 1],
    ])
    await world.put('orders', 1)
    await world.decide()
    assert.deepEqual(world.committed('orders'), [0, 1, 0])
  }))

const faults: fc.Arbitrary<Fault> = fc.oneof(
  fc.record({ lose: fc.constantFrom('request' as const, 'answer' as const) }),
  fc.record({ outOfTime: fc.constantFrom('request' as const, 'answer' as const) }),
)
const apis = fc.constantFrom<Api>(
  ...(['InitProducerId', 'AddOffsetsToTxn', 'TxnOffsetCommit', 'EndTxn', 'Produce'] as const),
)
const steps = fc.array(
  fc.oneof(
    { weight: 4, arbitrary: fc.record({ put: fc.nat(PARTITIONS - 1) }) },
    { weight: 3, arbitrary: fc.record({ start: fc.nat(4) }) },
    {
      weight: 3,
      arbitrary: fc.record({ api: apis, nth: fc.integer({ min: 1, max: 3 }), fault: faults }),
    },
    { weight: 1, arbitrary: fc.record({ wait: fc.integer({ min: 1, max: 5 }) }) },
  ),
  { minLength: 4, maxLength: 25 },
)

test('however many decide at once, and whatever fails, one decision counts, and nobody’s progress is undone', async () => {
  await fc.assert(
    fc.asyncProperty(steps, fc.boolean(), async (list, hasJoin) => {
      const said = { facts: ', startAt: latest', join: hasJoin ? '' : null }
      await inWorld(said, async (world) => {
        /** What the ends were at some moment: a decision is one of them. */
        const moments = [world.ends('orders')]
        const running: Promise<unknown>[] = []
        let decided: number[] | undefined
        const check = (): void => {
          const now = world.committed('orders')
          if (now.every((offset) => offset < 0)) return
          decided ??= now
          assert.deepEqual(now, decided, 'once decided it stays')
        }
        for (const step of list) {
          if ('put' in step) {
            await world.put('orders', step.put)
            moments.push(world.ends('orders'))
          } else if ('start' in step) {
            running.push(world.decide().then(check, () => {}))
          } else if ('wait' in step) await sleep(step.wait)
          else world.kafka.faults.order(step)
          check()
        }
        await Promise.all(running)
        world.kafka.faults.clear()
        await world.decide()
        check()
        assert.ok(
          moments.some((ends) => String(ends) === String(decided)),
          `${decided} is none of ${moments.join(' | ')}`,
        )
      })
    }),
    { numRuns: RUNS },
  )
})

test('who was held up while another has decided and gone on changes nothing', () =>
  inWorld({ facts: ', startAt: latest' }, async (world) => {
    await world.put('orders', 0)
    let release: () => void = () => {}
    const until = new Promise<void>((resolve) => {
      release = resolve
    })
    const hold = { hold: 'request' as const, until }
    world.kafka.faults.order({ api: 'TxnOffsetCommit', clientId: 'slow', fault: hold })
    const slow = world.decide('slow')
    await sleep(20)
    await world.decide('quick')
    const producer = world.kafka
      .client('quick')
      .producer({ transactionalId: 'job-quick', timeoutMs: 10_000 })
    await producer.init()
    await world.put('orders', 0)
    producer.begin()
    const nobody = { generationId: -1, memberId: '', groupInstanceId: null }
    await producer.sendOffsets('job', nobody, [{ topic: 'orders', partition: 0, offset: 2 }])
    await producer.commit()
    release()
    await slow
    assert.deepEqual(world.committed('orders'), [2, 0, 0])
  }))
