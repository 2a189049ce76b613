import assert from 'node:assert/strict'
import { test } from 'node:test'
import { loadPipeline } from '../../../src/config/load.ts'
import { type Check, Health } from '../../../src/watch/http/health.ts'
import { createApp } from '../../../src/watch/http/http.ts'
import { liveness, progress } from '../../../src/watch/status/report.ts'
import { bad, good, parts } from '../parts.ts'

const rejoining: Check = { name: 'group', ok: false, detail: 'joining', passing: true }
const ok = (checks: readonly Check[]): boolean => checks.every((check) => check.ok)

/** Readiness over a clock and checks that the test moves. */
function timed(first: readonly Check[]) {
  const at = { now: 1_000_000, checks: first }
  const health = new Health(
    () => [],
    () => at.checks,
    () => at.now,
  )
  return { at, health }
}

test('an instance stays ready through a rebalance, for 60 seconds', () => {
  const { at, health } = timed([good])
  assert.ok(ok(health.ready()))
  at.checks = [rejoining]
  for (const seconds of [0, 30, 60]) {
    at.now = 1_000_000 + seconds * 1000
    assert.ok(ok(health.ready()), `${seconds} s`)
  }
  at.now += 1
  assert.ok(!ok(health.ready()))
  at.checks = [good]
  assert.ok(ok(health.ready()))
  at.checks = [rejoining]
  assert.ok(ok(health.ready()), 'the next rebalance has its own 60 seconds')
})

test('an instance that was never ready is not ready while it joins', () => {
  const { health } = timed([rejoining])
  assert.ok(!ok(health.ready()))
})

test('what no rebalance explains makes it not ready at once', () => {
  const { at, health } = timed([good])
  health.ready()
  at.checks = [rejoining, { ...bad, name: 'instance', detail: 'draining' }]
  assert.ok(!ok(health.ready()))
})

test('a start is done when the instance has been ready, and stays so', () => {
  const { at, health } = timed([bad])
  assert.deepEqual(health.started(), [{ name: 'start', ok: false, detail: 'tasks: 2 restoring' }])
  at.checks = [good]
  assert.ok(ok(health.started()))
  at.checks = [bad]
  assert.ok(!ok(health.ready()))
  assert.ok(ok(health.started()))
})

test('progress tells percent and time left by the pace so far', () => {
  const far = (remaining: number, total: number) => progress(remaining, total, 5_000, 15_000)
  assert.deepEqual(far(750, 1000), { remaining: 750, percent: 25, secondsLeft: 30 })
  assert.deepEqual(far(1000, 1000), { remaining: 1000, percent: 0, secondsLeft: null })
  assert.deepEqual(far(0, 0), { remaining: 0, percent: 0, secondsLeft: null })
})

test('a loop is alive until it has not gone round for 2 minutes, or three session timeouts', () => {
  const alive = (silentMs: number, sessionTimeoutMs: number): boolean => {
    const pipeline = loadPipeline('examples/orders/pipeline.yaml', {})
    const kafka = { ...pipeline.kafka, sessionTimeoutMs }
    return ok(liveness({ ...pipeline, kafka }, { silentMs }))
  }
  assert.ok(alive(120_000, 10_000))
  assert.ok(!alive(120_001, 10_000))
  assert.ok(alive(180_000, 60_000))
  assert.ok(!alive(180_001, 60_000))
})

test('?verbose gives lines for people, with the same status', async () => {
  const probes = { live: () => [good], ready: () => [good, bad], started: () => [good] }
  const app = await createApp(parts({ probes }))
  const answer = await app.inject('/readyz?verbose')
  assert.equal(answer.statusCode, 503)
  assert.match(answer.headers['content-type'] as string, /^text\/plain/)
  assert.equal(answer.body, '[+] group: joined\n[-] tasks: 2 restoring\nreadyz: fail\n')
  assert.equal((await app.inject('/livez?verbose')).statusCode, 200)
})

test('percent and time left are told while something is being read', async () => {
  const far: Check = { ...bad, percent: 41, secondsLeft: 12 }
  const probes = { live: () => [], ready: () => [far], started: () => [] }
  const app = await createApp(parts({ probes }))
  const { checks } = (await app.inject('/readyz')).json()
  assert.deepEqual(checks, [
    { name: 'tasks', status: 'fail', detail: '2 restoring', percent: 41, secondsLeft: 12 },
  ])
})
