/** What is done about a failure, in order: the recovery and the rebalance, over parts that a test holds in its hands. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setImmediate as later, setTimeout as sleep } from 'node:timers/promises'
import type { Group } from '../../src/broker/port.ts'
import { Commits } from '../../src/commit/commits.ts'
import { Counts } from '../../src/counts/counts.ts'
import { EnricherError, type ErrorCode } from '../../src/errors.ts'
import { Gate } from '../../src/instance/gate.ts'
import { Rebalance, type RebalanceOptions } from '../../src/instance/rebalance.ts'
import { Recovery, type RecoveryOptions } from '../../src/instance/recovery.ts'

const nothing = (): void => {}
const nothingLater = async (): Promise<void> => {}
const log = { event: nothing }
const failure = (code: ErrorCode): EnricherError => new EnricherError(code, code)

/** A promise that a test keeps. */
function held(): { promise: Promise<void>; end: () => void } {
  let end = nothing
  const promise = new Promise<void>((resolve) => {
    end = resolve
  })
  return { promise, end }
}

/** The parts of an instance that have to do with failures. Each writes down what it is asked, and a test can have it take its time. */
class Instance {
  readonly asked: string[] = []
  readonly counts = new Counts([])
  readonly gate = new Gate(nothing)
  wanted: number[] = []
  turn: Promise<void> = Promise.resolve()
  puttingDown: Promise<void> = Promise.resolve()
  beginning: Promise<void> = Promise.resolve()
  /** What the next commits do. */
  commit: () => Promise<boolean> = async () => false
  readonly fatal: unknown[] = []
  onRefused: () => Promise<void> = async () => this.#ask('limits read')
  readonly #epochs = {
    aborted: (error: unknown) => this.#ask(`aborted: ${(error as Error).message}`),
    giveUp: () => this.#ask('epochs dropped'),
    begin: async () => {
      await this.beginning
      this.#ask('producer begun anew')
    },
    commit: () => this.commit(),
  }
  readonly #group = {
    membership: () => ({ generationId: 1, memberId: 'm', groupInstanceId: null }),
    members: async () => [],
    rejoin: () => this.#ask('join again'),
  } as unknown as Group
  readonly #tasks = {
    stores: { condemn: (partition: number) => this.#ask(`store ${partition} condemned`) },
    running: [],
    lastLags: { retain: nothing },
    take: async (partitions: readonly number[]) => {
      this.wanted.push(...partitions.filter((partition) => !this.wanted.includes(partition)))
      this.#ask(`tasks ${partitions} taken`)
    },
    keep: async (partitions: readonly number[]) => {
      this.wanted = this.wanted.filter((partition) => partitions.includes(partition))
    },
    putDown: async () => {
      await this.puttingDown
      this.wanted = []
      this.#ask('tasks put down')
    },
  }
  readonly commits = new Commits({
    epochs: this.#epochs,
    group: this.#group,
    tasks: () => [],
    onCommitted: (isSome) => this.recovery.committed(isSome),
  })
  readonly recovery: Recovery
  readonly rebalance: Rebalance

  constructor() {
    const instance = this
    const shared = { gate: this.gate, epochs: this.#epochs, commits: this.commits, log }
    this.recovery = new Recovery({
      ...shared,
      tasks: {
        ...this.#tasks,
        get wanted() {
          return [...instance.wanted]
        },
      } as unknown as RecoveryOptions['tasks'],
      failing: this.counts.failing,
      turn: () => this.turn,
      rejoin: () => this.rebalance.rejoin(),
      onRefused: () => this.onRefused(),
      onFatal: (error) => this.fatal.push(error),
    })
    this.rebalance = new Rebalance({
      ...shared,
      group: this.#group,
      tasks: this.#tasks as unknown as RebalanceOptions['tasks'],
      recovery: this.recovery,
      formerMembers: { ended: nothingLater },
      instanceId: 'i',
      topics: [],
      stages: 1,
      counts: this.counts,
    })
  }

  /** One that has been assigned tasks 0 and 1. */
  static async running(): Promise<Instance> {
    const instance = new Instance()
    await instance.rebalance.beforeJoin()
    await instance.rebalance.onAssigned([0, 1])
    assert.equal(instance.gate.state, 'running')
    instance.asked.length = 0
    return instance
  }

  #ask(what: string): void {
    this.asked.push(what)
  }
}

const DROPPED = ['epochs dropped', 'tasks put down']
const TAKEN = ['producer begun anew', 'tasks 0,1 taken']

test('an epoch fails: both epochs are dropped, the tasks put down, and taken anew', async () => {
  const instance = await Instance.running()
  const { gate, recovery, asked } = instance
  recovery.begin(failure('EPOCH_ABORTED'))
  assert.equal(gate.state, 'recovering')
  assert.ok(!gate.mayProcess && !gate.mayCommit)
  await recovery.idle()
  assert.deepEqual(asked, ['aborted: EPOCH_ABORTED', ...DROPPED, ...TAKEN])
  assert.equal(gate.state, 'running')
})

test('nothing is dropped before the turn under way has ended, and the commit under way', async () => {
  const instance = await Instance.running()
  const { commits, recovery, asked } = instance
  const turn = held()
  const commit = held()
  instance.turn = turn.promise
  instance.commit = () => commit.promise.then(() => true)
  void commits.next(false)
  recovery.begin(failure('OFFSET_OUT_OF_RANGE'))
  for (const end of [turn.end, commit.end]) {
    await sleep(5)
    assert.deepEqual(asked, ['aborted: OFFSET_OUT_OF_RANGE'])
    end()
  }
  await recovery.idle()
  assert.deepEqual(asked.slice(1), [...DROPPED, ...TAKEN])
})

test('what fails while a recovery is under way is part of it', async () => {
  const { recovery, asked } = await Instance.running()
  recovery.begin(failure('EPOCH_ABORTED'))
  recovery.begin(failure('EPOCH_ABORTED'))
  await recovery.idle()
  assert.deepEqual(asked, ['aborted: EPOCH_ABORTED', ...DROPPED, ...TAKEN])
})

test('a record is refused: what the topic takes is read before the tasks are taken', async () => {
  const { recovery, asked } = await Instance.running()
  recovery.begin(failure('RECORD_REFUSED'))
  await recovery.idle()
  assert.deepEqual(asked.slice(1), [...DROPPED, 'limits read', ...TAKEN])
})

test('a store is damaged: it is condemned before anything opens it again', async () => {
  const { recovery, asked } = await Instance.running()
  recovery.begin(new EnricherError('STATE_CORRUPT', 'damaged', { fields: { partition: 1 } }))
  await recovery.idle()
  assert.deepEqual(asked, ['store 1 condemned', 'aborted: damaged', ...DROPPED, ...TAKEN])
})

test('what a recovery does not cure ends the process, with the tasks as they are, and no commit after it', async () => {
  const { recovery, asked, fatal } = await Instance.running()
  const error = failure('NOT_AUTHORIZED')
  recovery.begin(error)
  assert.deepEqual([asked, fatal, recovery.isUnderWay], [['epochs dropped'], [error], false])
})

test('fenced: the group is joined again first, and its assignment says what is taken', async () => {
  const { gate, recovery, rebalance, counts, asked } = await Instance.running()
  recovery.begin(failure('FENCED'))
  await recovery.idle()
  assert.deepEqual(asked, ['aborted: FENCED', ...DROPPED, 'join again'])
  assert.equal(gate.state, 'joining')
  await rebalance.beforeJoin()
  await rebalance.onAssigned([0, 1])
  assert.deepEqual(asked.slice(4), TAKEN)
  assert.deepEqual([...counts.rebalances], Object.entries({ start: 1, fenced: 1 }))
})

test('failures in a row: each waits longer, until an epoch is committed', async () => {
  const { recovery, counts } = await Instance.running()
  const took: number[] = []
  for (let i = 0; i < 3; i++) {
    const begun = performance.now()
    recovery.begin(failure('EPOCH_ABORTED'))
    await recovery.idle()
    took.push(performance.now() - begun)
  }
  assert.ok(took[1] >= 50 && took[2] >= 150, `${took}`)
  recovery.committed(true)
  assert.equal(counts.failing.count, 0)
})

test('a stop during a recovery ends its wait, and nothing is taken any more', async () => {
  const { gate, recovery, counts, asked } = await Instance.running()
  counts.failing.count = 20
  recovery.begin(failure('EPOCH_ABORTED'))
  while (asked.at(-1) !== 'tasks put down') await later()
  const begun = performance.now()
  gate.to('stopping')
  await recovery.settled()
  assert.ok(performance.now() - begun < 5000)
  assert.deepEqual(asked.slice(1), DROPPED)
  assert.equal(gate.state, 'stopping')
})

test('whoever is fenced and stops does not join again', async () => {
  const { gate, recovery, asked } = await Instance.running()
  recovery.begin(failure('FENCED'))
  gate.to('stopping')
  await recovery.settled()
  assert.deepEqual(asked.slice(1), DROPPED)
})

test('a join during a recovery waits until the tasks are put down, and its assignment takes them', async () => {
  const instance = await Instance.running()
  const { gate, recovery, rebalance, asked } = instance
  const puttingDown = held()
  instance.puttingDown = puttingDown.promise
  recovery.begin(failure('EPOCH_ABORTED'))
  let isReady = false
  const ready = rebalance.beforeJoin().then(() => {
    isReady = true
  })
  assert.equal(gate.state, 'joining')
  await sleep(5)
  assert.equal(isReady, false)
  puttingDown.end()
  await ready
  assert.deepEqual(asked.slice(1), DROPPED)
  await rebalance.onAssigned([1])
  assert.deepEqual(asked.slice(3), ['producer begun anew', 'tasks 1 taken'])
  assert.equal(gate.state, 'running')
})

test('the epoch before a join fails: its tasks are put down, and the join goes on', async () => {
  const instance = await Instance.running()
  const { gate, recovery, rebalance, asked } = instance
  instance.commit = () => Promise.reject(failure('EPOCH_ABORTED'))
  await rebalance.beforeJoin()
  assert.deepEqual(asked, ['aborted: EPOCH_ABORTED', ...DROPPED])
  assert.deepEqual([gate.state, recovery.isUnderWay], ['joining', false])
})

test('a record is refused before a join: what the topic takes is read before the assignment takes the tasks', async () => {
  const instance = await Instance.running()
  const { rebalance, counts, asked } = instance
  instance.commit = () => Promise.reject(failure('RECORD_REFUSED'))
  await rebalance.beforeJoin()
  assert.deepEqual(asked, ['aborted: RECORD_REFUSED', ...DROPPED, 'limits read'])
  assert.equal(counts.failing.count, 1, 'it counts among the failures in a row')
  await rebalance.onAssigned([0, 1])
  assert.deepEqual(asked.slice(4), TAKEN)
})

test('a store is found damaged before a join: it is condemned before the assignment opens it', async () => {
  const instance = await Instance.running()
  const damaged = new EnricherError('STATE_CORRUPT', 'damaged', { fields: { partition: 1 } })
  instance.commit = () => Promise.reject(damaged)
  await instance.rebalance.beforeJoin()
  assert.deepEqual(instance.asked, ['store 1 condemned', 'aborted: damaged', ...DROPPED])
})

test('what no recovery cures ends the process before a join, too', async () => {
  const instance = await Instance.running()
  const error = failure('TOPIC_MISSING')
  instance.commit = () => Promise.reject(error)
  await instance.rebalance.beforeJoin()
  assert.deepEqual(instance.fatal, [error])
  assert.equal(instance.asked.at(-1), 'tasks put down')
})

test('limits that cannot be read before a join end the process', async () => {
  const instance = await Instance.running()
  const refused = failure('BROKER_REFUSED')
  instance.onRefused = () => Promise.reject(refused)
  instance.commit = () => Promise.reject(failure('RECORD_REFUSED'))
  await instance.rebalance.beforeJoin()
  assert.deepEqual(instance.fatal, [refused])
})

test('membership is lost while a commit is under way: it ends, and then the tasks are put down', async () => {
  const instance = await Instance.running()
  const { gate, commits, rebalance, asked } = instance
  const commit = held()
  instance.commit = () => commit.promise.then(() => true)
  void commits.next(false)
  const lost = rebalance.onLost()
  await sleep(5)
  assert.deepEqual([gate.state, asked], ['joining', []])
  commit.end()
  await lost
  assert.deepEqual(asked, DROPPED)
})

for (const part of ['puttingDown', 'beginning'] as const) {
  test(`a read that fails while the group is joined (${part}) delays the assignment, and does not undo it`, async () => {
    const instance = await Instance.running()
    const { gate, recovery, rebalance, asked } = instance
    await rebalance.beforeJoin()
    const slow = held()
    instance[part] = slow.promise
    const assigned = rebalance.onAssigned([0, 1])
    recovery.begin(failure('OFFSET_OUT_OF_RANGE'))
    assert.equal(gate.state, 'joining')
    await sleep(5)
    slow.end()
    await assigned
    assert.deepEqual(asked.at(-1), 'tasks 0,1 taken')
    assert.ok(asked.lastIndexOf('producer begun anew') > asked.indexOf('epochs dropped'))
    assert.deepEqual([gate.state, recovery.isUnderWay, instance.wanted], ['running', false, [0, 1]])
  })
}

test('an assignment that comes while the instance stops is not taken', async () => {
  const instance = new Instance()
  const { gate, rebalance, asked } = instance
  await rebalance.beforeJoin()
  const beginning = held()
  instance.beginning = beginning.promise
  const assigned = rebalance.onAssigned([0])
  gate.to('stopping')
  beginning.end()
  await Promise.all([assigned, rebalance.onAssigned([1])])
  assert.deepEqual(asked, ['producer begun anew'])
})

test('a rebalance takes as long as from the loss of the membership to the next assignment', async () => {
  const { rebalance, counts } = await Instance.running()
  const before = counts.rebalanceTimes.sum
  await sleep(400)
  await rebalance.onLost()
  await rebalance.beforeJoin()
  await rebalance.onAssigned([0])
  const ms = counts.rebalanceTimes.sum - before
  assert.ok(ms < 300, `${ms}`)
})
