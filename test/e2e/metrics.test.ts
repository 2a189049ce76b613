import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import * as data from '../../examples/orders/data.ts'
import { prometheusLines, receiver } from '../support/otlp.ts'
import { exposition, type Samples, scrape } from '../support/scrape.ts'
import { readAll } from '../support/topics.ts'
import { Orders, type ServiceProcess } from './orders.ts'

const COUNT = 20_000
const LATE = 3
const LONG_AGO_MS = 200_000

async function withOrders(body: (orders: Orders) => Promise<void>): Promise<void> {
  const orders = await Orders.create()
  try {
    await body(orders)
  } finally {
    await orders.close()
  }
}

/** Behind all other orders: three that nobody can decode, one of another key, three that are late; a bad customer row. */
async function sendOdd(orders: Orders): Promise<void> {
  const { producer } = orders
  const at = orders.orderedAt(COUNT)
  const good = data.encode('order', data.order(0, at))
  const key = Buffer.from(data.orderId(0))
  const odd: [Buffer | null, Buffer | null, number][] = [
    [null, good, at],
    [key, Buffer.from('no Avro'), at],
    [key, good.subarray(0, good.length - 3), at],
    [Buffer.from('another'), good, at],
    ...Array.from({ length: LATE }, (): [Buffer, Buffer, number] => [key, good, at - LONG_AGO_MS]),
  ]
  for (const [k, v, time] of odd) producer.put(orders.topic('orders'), 0, time, k, v)
  producer.put(orders.topic('customers'), 0, at, Buffer.from('1'), Buffer.from('no row'))
  await producer.flush()
}

/** What the records themselves say. */
function expected() {
  const all = Array.from({ length: COUNT }, (_, i) => i)
  const paid = all.filter(data.isPaid)
  const lookedUp = [...all, ...Array<number>(LATE).fill(0)]
  const known = (field: 'customer_id' | 'product_id', rows: number): number =>
    lookedUp.filter((i) => data.order(i, 0)[field] <= rows).length
  return {
    paid: paid.length,
    delaySeconds: paid.reduce((sum, i) => sum + data.payDelay(i), 0) / 1000,
    customers: known('customer_id', data.CUSTOMERS),
    products: known('product_id', data.PRODUCTS),
  }
}

async function until(
  service: ServiceProcess,
  done: (samples: Samples) => boolean,
): Promise<Samples> {
  for (let tries = 0; tries < 200; tries++) {
    const samples = await scrape(service)
    if (done(samples)) return samples
    await sleep(300)
  }
  assert.fail(`Not reached:\n${await exposition(service)}\n${service.log.slice(-3000)}`)
}

test('after a run the metrics are what went in and what came out, to the record, also by OTLP', (t) =>
  withOrders(async (orders) => {
    const { url, requests } = await receiver(t)
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    await sendOdd(orders)
    const env = { JOIN_KIND: 'left', JOIN_IDLE: '2s', OTEL_EXPORTER_OTLP_ENDPOINT: url }
    const service = orders.start(env)
    const enriched = { topic: orders.topic('enriched') }
    const samples = await until(
      service,
      (s) => s('records_produced_total', enriched)[0] >= COUNT + LATE,
    )
    const wanted = expected()
    const bad = 4
    const facts = { topic: orders.topic('orders') }
    const payments = { topic: orders.topic('payments') }
    const customers = { topic: orders.topic('customers') }
    const rejectsTopic = { topic: orders.topic('rejects') }
    const sum = (name: string, labels?: Record<string, string>): number =>
      samples(name, labels).reduce((total, value) => total + value, 0)

    assert.equal(sum('records_consumed_total', facts), COUNT + bad + LATE)
    assert.equal(sum('records_consumed_total', payments), wanted.paid)
    assert.equal(sum('records_consumed_total', customers), data.CUSTOMERS + 1)
    assert.equal(sum('dimension_rows', { dimension: 'customer' }), data.CUSTOMERS)

    const lookups = (dimension: string, result: string): number =>
      sum('dimension_lookups_total', { dimension, result })
    assert.equal(lookups('customer', 'hit'), wanted.customers)
    assert.equal(lookups('customer', 'miss'), COUNT + LATE - wanted.customers)
    assert.equal(lookups('product', 'hit'), wanted.products)
    assert.equal(lookups('product', 'miss'), COUNT + LATE - wanted.products)

    assert.equal(sum('window_probes_total', { side: 'left' }), COUNT)
    assert.equal(sum('window_probes_total', { side: 'right' }), wanted.paid)
    assert.equal(sum('window_probes_total', { result: 'hit' }), wanted.paid)
    assert.equal(sum('window_unmatched_total'), COUNT + LATE - wanted.paid)
    assert.equal(sum('match_delay_seconds_count', { first: 'left' }), wanted.paid)
    assert.ok(Math.abs(sum('match_delay_seconds_sum') - wanted.delaySeconds) < 0.001)
    assert.equal(sum('record_e2e_latency_seconds_count'), wanted.paid)

    assert.equal(sum('records_late_total', facts), LATE)
    assert.equal(sum('records_dropped_total'), 0)
    assert.equal(sum('record_lateness_seconds_count', facts), COUNT + bad + LATE)
    assert.equal(sum('record_lateness_seconds_count', payments), wanted.paid)

    let produced = 0
    await readAll(orders.broker, enriched.topic, () => produced++)
    assert.equal(sum('records_produced_total', enriched), produced)
    assert.equal(produced, COUNT + LATE)

    const reasons: string[] = []
    await readAll(orders.broker, rejectsTopic.topic, ({ headers }) => {
      const of = (name: string) => headers.find(([key]) => key === `enricher.${name}`)?.[1]
      reasons.push(`${of('topic')} ${of('stage')} ${of('reason')}`)
    })
    assert.equal(reasons.length, bad + 1)
    assert.equal(sum('records_produced_total', rejectsTopic), reasons.length)
    assert.equal(sum('rejects_total'), reasons.length)
    for (const line of new Set(reasons)) {
      const [topic, stage, reason] = line.split(' ')
      const count = reasons.filter((one) => one === line).length
      assert.equal(sum('rejects_total', { topic, stage, reason }), count, line)
    }
    assert.equal(sum('decode_errors_total', facts), 2)
    assert.equal(sum('decode_errors_total', customers), 1)

    assert.equal(sum('consumer_lag_records'), 0)
    assert.equal(sum('consumer_lag_seconds'), 0)
    assert.equal(sum('dimension_lag_records'), 0)
    assert.equal(sum('restore_records_remaining'), 0)
    const fresh = sum('dimension_last_update_timestamp_seconds', { dimension: 'customer' })
    assert.equal(fresh, orders.orderedAt(COUNT) / 1000)
    const commits = sum('transactions_total', { result: 'committed' })
    assert.equal(sum('transaction_duration_seconds_count'), commits)
    const stages = ['process', 'pack', 'produce', 'commit', 'store']
    for (const stage of stages) {
      assert.equal(sum('stage_duration_seconds_count', { stage }), commits, stage)
      assert.ok(sum('stage_duration_seconds_sum', { stage }) > 0, stage)
    }
    const staged = sum('stage_duration_seconds_sum')
    const processed = sum('stage_duration_seconds_sum', { stage: 'process' })
    assert.ok(processed <= sum('slice_duration_seconds_sum'))
    assert.ok(staged - processed <= sum('transaction_duration_seconds_sum'))
    assert.deepEqual(samples('rebalances_total', { reason: 'start' }), [1])
    assert.equal(sum('rebalances_total'), 1)
    // One more for the customer row, which was rejected before the first epoch.
    assert.equal(sum('kafka_request_duration_seconds_count', { api: 'EndTxn' }), commits + 1)
    assert.ok(sum('store_disk_bytes', { store: 'dimension/customer' }) > 1_000_000)

    const counted =
      /^enricher_((records|rejects|dimension_lookups|window)_\w*total|match_delay_\w+)[ {]/
    const of = (lines: readonly string[]) => lines.filter((line) => counted.test(line)).sort()
    const scraped = of((await exposition(service)).split('\n'))
    assert.equal(await service.stop(), 0)
    assert.deepEqual(of(prometheusLines(requests[0].body)), scraped)
  }))

test('what all instances have counted is what is in the topics, through more of them, fewer, and a crash', () =>
  withOrders(async (orders) => {
    const enriched = { topic: orders.topic('enriched') }
    const running = new Set<ServiceProcess>()
    /** The last scrapes of those that have ended. */
    const ended: Samples[] = []
    const sum = async (name: string, labels?: Record<string, string>): Promise<number> => {
      const all = [...ended, ...(await Promise.all([...running].map(scrape)))]
      return all.flatMap((samples) => samples(name, labels)).reduce((a, b) => a + b, 0)
    }
    const begin = async (name: string): Promise<ServiceProcess> => {
      const service = orders.start({ INSTANCE_ID: name, STATE_DIR: join(orders.folder, name) })
      await service.logged('"Listening"')
      running.add(service)
      return service
    }
    let sent = 0
    const sendUntil = async (done: () => boolean): Promise<void> => {
      for (const part = 500; !done(); sent += part) {
        await orders.send(sent, sent + part)
        await sleep(100)
      }
    }
    /** An epoch is counted when the answer to its commit is there: a moment after it is in the topic. */
    const settled = async (): Promise<void> => {
      await orders.expectTaken()
      let written = 0
      await readAll(orders.broker, enriched.topic, () => written++)
      for (let tries = 0; tries < 100; tries++, await sleep(100)) {
        if ((await sum('records_produced_total', enriched)) === written) return
      }
      assert.equal(await sum('records_produced_total', enriched), written)
    }
    const end = async (service: ServiceProcess, how: 'stop' | 'kill'): Promise<void> => {
      await settled()
      ended.push(await scrape(service))
      running.delete(service)
      await service[how]()
    }

    const first = await begin('a')
    await first.logged('Task running')
    const second = await begin('b')
    await sendUntil(() => second.log.includes('Task running'))
    const third = await begin('c')
    await sendUntil(() => third.log.includes('Task running'))
    const taken = (): number => first.log.split('"tasks_assigned"').length
    for (const [service, how] of [
      [second, 'stop'],
      [third, 'kill'],
    ] as const) {
      const before = taken()
      await end(service, how)
      await sendUntil(() => taken() > before)
    }
    await orders.sendRest(sent)
    await orders.expect(sent, 'inner')
    await settled()

    const paid = Array.from({ length: sent }, (_, i) => i).filter(data.isPaid).length
    assert.equal(await sum('records_produced_total', enriched), paid)
    assert.equal(await sum('record_e2e_latency_seconds_count'), paid)
    const again =
      (await sum('transactions_total', { result: 'aborted' })) +
      (await sum('transactions_total', { result: 'fenced' }))
    const counts = [
      [await sum('records_consumed_total', { topic: orders.topic('orders') }), sent],
      [await sum('records_consumed_total', { topic: orders.topic('payments') }), paid],
      [await sum('window_probes_total', { result: 'hit' }), paid],
      [await sum('dimension_lookups_total', { dimension: 'customer' }), sent],
    ]
    for (const [counted, wanted] of counts) {
      assert.ok(again > 0 ? counted >= wanted : counted === wanted, `${counted}, not ${wanted}`)
    }
  }))

test('an instance whose session is over says that its place was lost, when it is back', () =>
  withOrders(async (orders) => {
    const silent = orders.start({ INSTANCE_ID: 'a' })
    await silent.logged('"partitions":[0,1,2,3]')
    await orders.send(0, COUNT / 4)
    await orders.expectTaken()
    silent.child.kill('SIGSTOP')
    const other = orders.start({ INSTANCE_ID: 'b', STATE_DIR: join(orders.folder, 'b') })
    await other.logged('"partitions":[0,1,2,3]', 60)
    await orders.send(COUNT / 4, COUNT / 2)
    silent.child.kill('SIGCONT')
    const samples = await until(silent, (s) => s('rebalances_total', { reason: 'lost' })[0] > 0)
    assert.deepEqual(samples('rebalances_total', { reason: 'fenced' }), [0])
    assert.deepEqual(samples('rebalances_total', { reason: 'start' }), [1])
    assert.match(silent.log, /"membership_lost"/)
    await orders.send(COUNT / 2, COUNT)
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner')
  }))

test('an instance whose transactions another producer has fenced says so, and loses and repeats nothing', () =>
  withOrders(async (orders) => {
    const service = orders.start({ INSTANCE_ID: 'a' })
    await service.logged('Task running')
    await orders.send(0, COUNT / 2)
    await orders.expectTaken()
    const producer = orders.broker.producer({
      transactionalId: `${orders.tag}-job-a`,
      timeoutMs: 10_000,
    })
    await producer.init()
    await producer.close()
    await orders.send(COUNT / 2, COUNT)
    const samples = await until(service, (s) => s('rebalances_total', { reason: 'fenced' })[0] > 0)
    assert.deepEqual(samples('transactions_total', { result: 'fenced' }), [1])
    assert.deepEqual(samples('rebalances_total', { reason: 'lost' }), [0])
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner')
  }))

test('a partition that another instance takes over is in that one’s metrics only', () =>
  withOrders(async (orders) => {
    const first = orders.start({ INSTANCE_ID: 'a' })
    await first.logged('"partitions":[0,1,2,3]')
    const second = orders.start({ INSTANCE_ID: 'b', STATE_DIR: join(orders.folder, 'b') })
    await second.logged('Task running')
    const partitions = async (service: ServiceProcess, name: string): Promise<string[]> => {
      const text = await exposition(service)
      const found = text.matchAll(
        new RegExp(`^enricher_${name}{[^}]*(?:partition|task)="(\\d)"`, 'gm'),
      )
      return [...new Set([...found].map(([, partition]) => partition))]
    }
    await orders.send(0, 1000)
    await until(second, (s) => s('stream_time_timestamp_seconds').length === 2)
    for (const name of [
      'consumer_lag_records',
      'consumer_lag_seconds',
      'stream_time_timestamp_seconds',
    ]) {
      const both = [...(await partitions(first, name)), ...(await partitions(second, name))]
      assert.deepEqual(both.sort(), ['0', '1', '2', '3'], name)
    }
    for (const service of [first, second]) {
      const samples = await scrape(service)
      assert.deepEqual(samples('assigned_partitions'), [2, 2])
      assert.deepEqual(samples('topic_partitions'), [4, 4])
      assert.deepEqual(samples('rebalances_total', { reason: 'start' }), [1])
      const others = service === first ? 1 : 0
      assert.ok(samples('rebalances_total', { reason: 'group' })[0] >= others)
      assert.deepEqual(samples('rebalances_total', { reason: 'lost' }), [0])
    }
  }))
