/** What an instance says of data that it cannot use: in the log, in its status, and as metrics. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { httpPort, scrape } from '../support/scrape.ts'
import { untilJudged } from '../support/verdicts.ts'
import { Orders } from './orders.ts'

const BAD = 100
/** So many that the bad ones are less than one in a hundred. */
const GOOD = 12_000

test('an instance that rejects all facts says so, is degraded but ready, and works again with good ones', async () => {
  const orders = await Orders.create()
  try {
    const service = orders.start()
    await service.logged('Task running')
    assert.equal((await untilJudged(service, 'works')).reasons.length, 0)

    const topic = orders.topic('orders')
    for (let i = 0; i < BAD; i++) {
      const value = Buffer.from('{"order_id": "o1"}')
      orders.producer.put(topic, i % 4, orders.orderedAt(0), Buffer.from('o1'), value)
    }
    await orders.producer.flush()
    await service.logged('"records_rejected"')
    const line = service.log.split('\n').find((text) => text.includes('"records_rejected"'))!
    const { level, reason, count, place, key, msg } = JSON.parse(line)
    assert.deepEqual([level, reason, key], ['warn', 'not_framed', '"o1"'])
    assert.ok(count > 0 && count <= BAD)
    assert.match(place, new RegExp(`^${topic}-[0-3] @ \\d+$`))
    assert.match(msg, / 100 %, as not_framed\. The last one is .* @ \d+, key "o1": ./)

    const { reasons } = await untilJudged(service, 'degraded')
    assert.deepEqual(
      reasons.map((one) => one.reason),
      ['rejects'],
    )
    assert.match(reasons[0].text, /^100 % of the records of \S+ were rejected, as not_framed: /)
    const base = `http://127.0.0.1:${await httpPort(service)}`
    const runbook = await fetch(`${base}${reasons[0].runbook.replace(/#.*/, '')}`)
    assert.match(await runbook.text(), /<h3 id="rejects">/)
    assert.equal((await fetch(`${base}/readyz`)).status, 200)
    const degraded = await scrape(service)
    assert.deepEqual(degraded('degraded', { reason: 'rejects' }), [1])
    assert.deepEqual(degraded('degraded', { reason: 'late' }), [0])
    assert.deepEqual(degraded('verdict', { verdict: 'degraded' }), [1])

    await orders.send(0, GOOD)
    await orders.sendRest(GOOD)
    await untilJudged(service, 'works')
    const works = await scrape(service)
    assert.deepEqual(works('degraded', { reason: 'rejects' }), [0])
    assert.deepEqual(works('verdict', { verdict: 'works' }), [1])
    assert.equal(await service.stop(), 0)
    // One line while it went on for less than a minute.
    assert.ok(service.log.split('"records_rejected"').length <= 3)
  } finally {
    await orders.close()
  }
})

/** Fences the instance's transactions, again and again from now on. @returns what ends that */
async function fence(orders: Orders): Promise<() => Promise<void>> {
  const producer = orders.broker.producer({
    transactionalId: `${orders.tag}-job-a`,
    timeoutMs: 10_000,
  })
  // Before there is input: what is committed first would be all of it.
  await producer.init()
  let isOver = false
  const fencing = (async () => {
    while (!isOver) await producer.init()
    await producer.close()
  })()
  return () => {
    isOver = true
    return fencing
  }
}

test('an instance whose commits fail lags all the time, says so, and goes on when they do not', async () => {
  const orders = await Orders.create()
  let unfence = async (): Promise<void> => {}
  try {
    const service = orders.start({ INSTANCE_ID: 'a' })
    await service.logged('Task running')
    await untilJudged(service, 'works')
    unfence = await fence(orders)
    await orders.send(0, 2000)
    await orders.sendRest(2000)
    const samples = async () => (await scrape(service))('consumer_lag_records')
    await untilJudged(service, 'degraded', 'epochs_failing')
    for (let scrapes = 0; scrapes < 50; scrapes++, await sleep(100)) {
      const lags = await samples()
      assert.equal(lags.length, 8)
      assert.ok(lags.reduce((sum, lag) => sum + lag, 0) > 0, lags.join())
    }
    await unfence()
    await orders.expect(2000, 'inner')
    await untilJudged(service, 'works')
    for (let tries = 0; (await samples()).some((lag) => lag > 0); tries++, await sleep(100)) {
      assert.ok(tries < 50, 'It lags still')
    }
  } finally {
    await unfence()
    await orders.close()
  }
})
