/** Replays of a pipeline whose joins are by three keys, beside SQL over the rows of their intervals. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { START } from './closing.ts'
import { REFUNDS, refundsSql } from './refunds.ts'
import { PARTS, SqlWorld } from './world.ts'

const FROM = START + 400_000
const TO = START + 1_100_000

test('a replay of joins by different keys is the join of its part, also where it was killed, and the next one is the rest', async () => {
  const world = await SqlWorld.create(REFUNDS)
  try {
    for (let part = 0; part < PARTS; part++) await world.send()
    await world.sendEnd()
    const part = ['--from', String(FROM), '--to', String(TO)]
    const killed = world.replay('part', part, { ENRICHER_KILL_AFTER: '3:4' })
    assert.equal(await killed.ended, 'SIGKILL', killed.log)
    const { internal } = await world.replayed('part', `${FROM}-${TO}`)
    assert.deepEqual(internal.map((topic) => topic.split(`${TO}-`)[1]).sort(), [
      ...['message-left-repartition', 'message-repartition', 'payment-repartition'],
      ...['refund-left-repartition', 'window-2-changelog', 'window-3-changelog'],
      'window-changelog',
    ])

    const again = world.replay('part', part)
    assert.equal(await again.ended, 0, again.log)
    assert.match(again.log, /^Going on with .*\.orders from .* to before /m)
    assert.match(again.log, /^Complete after .*, beside what an earlier run has written$/m)
    const rows = await world.expectReplayed('part', refundsSql({ from: FROM, to: TO }))
    const left = await world.replayed('part', `${FROM}-${TO}`)
    assert.deepEqual(left, { group: 'Dead', internal: [] })

    const rest = world.replay('part', ['--from', String(TO), '--append'])
    assert.equal(await rest.ended, 0, rest.log)
    const all = await world.expectReplayed('part', refundsSql({ from: FROM }))
    const written = (all - rows).toLocaleString('en-US')
    assert.match(rest.log, new RegExp(`^ {2}${written} records written to `, 'm'))
  } finally {
    await world.close()
  }
})

test('what is left of such a replay that was killed is deleted with --discard', async () => {
  const world = await SqlWorld.create(REFUNDS)
  try {
    await world.send()
    const killed = world.replay('other', [], { ENRICHER_KILL_AFTER: '3:1' })
    assert.equal(await killed.ended, 'SIGKILL', killed.log)
    assert.equal((await world.replayed('other', 'open-open')).internal.length, 7)
    const discarded = world.replay('other', ['--discard'])
    assert.equal(await discarded.ended, 0, discarded.log)
    for (const topic of ['refund-left-repartition', 'window-2-changelog', 'window-3-changelog']) {
      assert.match(discarded.log, new RegExp(`^deleted topic \\S+-${topic}$`, 'm'))
    }
    const left = await world.replayed('other', 'open-open')
    assert.deepEqual(left, { group: 'Dead', internal: [] })
  } finally {
    await world.close()
  }
})
