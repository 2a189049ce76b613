/** What is tried again, after which waits, and what ends it: by a clock that jumps over each wait. */
import assert from 'node:assert/strict'
import { afterEach, beforeEach, mock, type TestContext, test } from 'node:test'
import { Outage } from '../../src/retry/outage.ts'
import { doubling, pause, type RetryPolicy, retry } from '../../src/retry/retry.ts'

const AWAY = new Error('away')
const REFUSED = new Error('refused')
const never = new AbortController().signal

let now = 0
beforeEach(() => {
  now = 0
  mock.method(performance, 'now', () => now)
})
afterEach(() => mock.restoreAll())

/** An attempt that fails so often before it goes well, and a policy whose waits move the clock. */
function trying(t: TestContext, failures: number, waitMs = doubling(100, 1000)) {
  const waits: number[] = []
  const policy: RetryPolicy = {
    wait: (n, error) => {
      waits.push(waitMs(n, error))
      now += waits.at(-1)!
      return 0
    },
    isCurable: (error) => error === AWAY,
  }
  const attempt = t.mock.fn(async () => {
    if (attempt.mock.callCount() < failures) throw AWAY
    return 'answer'
  })
  return { attempt, policy, waits, attempts: () => attempt.mock.callCount() }
}

test('what fails is tried again until it goes well, and each wait is twice as long, up to the longest', async (t) => {
  const { attempt, policy, waits } = trying(t, 6)
  assert.equal(await retry(attempt, policy, never), 'answer')
  assert.deepEqual(waits, [100, 200, 400, 800, 1000, 1000])
})

test('a wait may depend on the error', async (t) => {
  const { attempt, policy, waits } = trying(t, 2, (_, error) => (error === AWAY ? 20 : 250))
  await retry(attempt, policy, never)
  assert.deepEqual(waits, [20, 20])
})

test('what is not curable is thrown at once, and no outage', async (t) => {
  const { policy, waits } = trying(t, 0)
  const outage = { failed: t.mock.fn(), over: t.mock.fn() }
  const attempt = () => Promise.reject(REFUSED)
  await assert.rejects(retry(attempt, { ...policy, outage }, never), REFUSED)
  assert.deepEqual(waits, [])
  assert.equal(outage.failed.mock.callCount() + outage.over.mock.callCount(), 0)
})

test('a failure after the deadline is thrown; the attempt that is under way at it still counts', async (t) => {
  const late = trying(t, 100)
  await assert.rejects(retry(late.attempt, { ...late.policy, deadline: 600 }, never), AWAY)
  assert.deepEqual(late.waits, [100, 200, 400])
  now = 0
  const inTime = trying(t, 3)
  assert.equal(await retry(inTime.attempt, { ...inTime.policy, deadline: 600 }, never), 'answer')
})

test('a signal that is aborted during a wait ends it at once, with the last error', async (t) => {
  const { attempt, policy, attempts } = trying(t, 100)
  const prepare = t.mock.fn(async () => {})
  const closing = new AbortController()
  const wait = (): number => {
    setImmediate(() => closing.abort())
    return 3_600_000
  }
  await assert.rejects(retry(attempt, { ...policy, wait, prepare }, closing.signal), AWAY)
  assert.equal(attempts(), 1)
  assert.equal(prepare.mock.callCount(), 0)
})

test('a signal that is aborted during an attempt leaves it its answer, and gives it no other attempt', async (t) => {
  const { policy, waits } = trying(t, 0)
  const answers = new AbortController()
  const answering = retry(async () => answers.abort(), policy, answers.signal)
  assert.equal(await answering, undefined)
  const fails = new AbortController()
  const failing = retry(
    async () => {
      fails.abort()
      throw AWAY
    },
    policy,
    fails.signal,
  )
  await assert.rejects(failing, AWAY)
  assert.deepEqual(waits, [])
})

test('nothing is attempted where the signal is aborted already', async (t) => {
  const { attempt, policy, attempts } = trying(t, 0)
  await assert.rejects(retry(attempt, policy, AbortSignal.abort(REFUSED)), REFUSED)
  assert.equal(attempts(), 0)
})

test('the next attempt is prepared after the wait, and what its preparation throws ends it', async (t) => {
  const { attempt, policy, waits, attempts } = trying(t, 100)
  const prepare = async (): Promise<void> => {
    assert.equal(waits.length, attempts())
    if (attempts() === 3) throw REFUSED
  }
  await assert.rejects(retry(attempt, { ...policy, prepare }, never), REFUSED)
  assert.equal(attempts(), 3)
})

/** What is logged while something fails so often, one second apart. */
async function logged(t: TestContext, failures: number) {
  const lines: unknown[] = []
  const outage = new Outage(
    { event: (name, { ms }: { ms?: number }) => lines.push([name, ms]) },
    'X',
  )
  const { attempt, policy } = trying(t, failures, () => 1000)
  await retry(attempt, { ...policy, outage }, never)
  return lines
}

test('an outage is one line, with reminders, and one more when it is over', async (t) => {
  assert.deepEqual(await logged(t, 35), [
    ['broker_failing', 1000],
    ['broker_failing', 31_000],
    ['broker_works', 35_000],
  ])
})

test('an outage that is over within a second is not worth a line', async (t) => {
  assert.deepEqual(await logged(t, 1), [])
})

test('a pause ends once the signal is aborted, and does not begin after it', async () => {
  const closing = new AbortController()
  const order: string[] = []
  const long = pause(3_600_000, closing.signal).then(() => order.push('long'))
  await pause(5, closing.signal)
  order.push('short')
  closing.abort()
  await long
  await pause(3_600_000, closing.signal)
  assert.deepEqual(order, ['short', 'long'])
})
