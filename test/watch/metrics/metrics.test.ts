import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Distribution } from '../../../src/counts/counts.ts'
import { createMetrics } from '../../../src/watch/metrics/metrics.ts'

const lines = (text: string, name: string): string[] =>
  text.split('\n').filter((line) => line.startsWith(name))

test('a histogram shows a distribution in at most 12 buckets, and every value is in one', async () => {
  const distribution = new Distribution()
  for (const ms of [0, 4, 5, 1024, 4096, 4097, 60_000]) distribution.add(ms)
  const metrics = createMetrics((m) => m.transaction_duration_seconds.set({}, distribution))
  const shown = lines(await metrics.text(), 'enricher_transaction_duration_seconds_')
  assert.deepEqual(shown, [
    'enricher_transaction_duration_seconds_bucket{le="0.004"} 2',
    'enricher_transaction_duration_seconds_bucket{le="0.008"} 3',
    'enricher_transaction_duration_seconds_bucket{le="0.016"} 3',
    'enricher_transaction_duration_seconds_bucket{le="0.032"} 3',
    'enricher_transaction_duration_seconds_bucket{le="0.064"} 3',
    'enricher_transaction_duration_seconds_bucket{le="0.128"} 3',
    'enricher_transaction_duration_seconds_bucket{le="0.256"} 3',
    'enricher_transaction_duration_seconds_bucket{le="0.512"} 3',
    'enricher_transaction_duration_seconds_bucket{le="1.024"} 4',
    'enricher_transaction_duration_seconds_bucket{le="2.048"} 4',
    'enricher_transaction_duration_seconds_bucket{le="4.096"} 5',
    'enricher_transaction_duration_seconds_bucket{le="+Inf"} 7',
    'enricher_transaction_duration_seconds_sum 69.226',
    'enricher_transaction_duration_seconds_count 7',
  ])
})

test('the bounds of a window’s histogram follow from the window', async () => {
  const metrics = createMetrics((m) =>
    m.match_delay_seconds.set({ first: 'left' }, new Distribution(), 60),
  )
  const bounds = lines(await metrics.text(), 'enricher_match_delay_seconds_bucket').map(
    (line) => /le="([^"]+)"/.exec(line)?.[1],
  )
  assert.equal(bounds.length, 12)
  assert.deepEqual([bounds[0], bounds.at(-2)], ['0.064', '65.536'])
})

test('what is not set any more has gone from the next scrape', async () => {
  let partitions = ['0', '1']
  const metrics = createMetrics((m) => {
    for (const partition of partitions) {
      m.consumer_lag_records.set({ topic: 'orders', partition }, 5)
      m.consumer_lag_seconds.set({ topic: 'orders', partition }, 1)
      m.stream_time_timestamp_seconds.set({ task: partition }, 1)
    }
  })
  await metrics.text()
  partitions = ['1']
  const text = await metrics.text()
  assert.deepEqual(lines(text, 'enricher_consumer_lag_records'), [
    'enricher_consumer_lag_records{topic="orders",partition="1"} 5',
  ])
  assert.ok(!text.includes('partition="0"') && !text.includes('task="0"'))
})

test('what nobody has set is absent, also without labels; a counter of 0 is there', async () => {
  const unset = await createMetrics(() => {}).text()
  assert.deepEqual(lines(unset, 'enricher_last_commit_timestamp_seconds'), [])
  assert.deepEqual(lines(unset, 'enricher_window_closed_matches_total'), [])
  const set = await createMetrics((m) => m.window_closed_matches_total.inc(0)).text()
  assert.deepEqual(lines(set, 'enricher_window_closed_matches_total'), [
    'enricher_window_closed_matches_total 0',
  ])
})

test('scrapes at the same time do not add up', async () => {
  const metrics = createMetrics(async (m) => {
    m.window_closed_matches_total.inc(1)
    await new Promise(setImmediate)
    m.window_closed_matches_total.inc(1)
  })
  const texts = await Promise.all([metrics.text(), metrics.text(), metrics.text()])
  for (const text of texts) {
    assert.deepEqual(lines(text, 'enricher_window_closed_matches_total'), [
      'enricher_window_closed_matches_total 2',
    ])
  }
})
