/** Orders that are keyed by their customer, and payments that are keyed by nothing of use: the join’s key is neither. */
import assert from 'node:assert/strict'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import { httpPort } from '../support/scrape.ts'
import { FILE, Orders } from './orders.ts'

const COUNT = 40_000
/** Many windows pass: what is late by the pace of another partition would be missed. */
const PER_SECOND = 150

/** The orders example with a line more. */
function pipelineFile({ folder }: Orders, repartition: string): string {
  const text = readFileSync(FILE, 'utf8')
    .replace('on: order_id', `on: order_id\n  repartition: ${repartition}`)
    .replaceAll('./schemas/', `${resolve('examples/orders/schemas')}/`)
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(file, text)
  return file
}

async function withOrders(
  repartition: 'facts' | 'both',
  body: (orders: Orders, file: string) => Promise<void>,
): Promise<void> {
  const orders = await Orders.create({ repartition, perSecond: PER_SECOND })
  try {
    await body(orders, pipelineFile(orders, repartition))
  } finally {
    await orders.close()
  }
}

test('facts of another key: from one instance to two and back, kill -9 and a lost state folder, each row once', () =>
  withOrders('facts', async (orders, file) => {
    await orders.send(0, COUNT / 4)
    const first = orders.start({ INSTANCE_ID: 'a' }, file)
    await first.logged('Task running')
    const second = orders.start({ STATE_DIR: join(orders.folder, 'b') }, file)
    await second.logged('Task running')
    await orders.send(COUNT / 4, COUNT / 2)
    await second.kill()
    await orders.send(COUNT / 2, (3 * COUNT) / 4)
    await sleep(2000)
    assert.equal(await first.stop(), 0)
    rmSync(join(orders.folder, 'state'), { recursive: true })
    await orders.send((3 * COUNT) / 4, COUNT)
    await orders.sendRest(COUNT)
    orders.start({ INSTANCE_ID: 'a' }, file)
    await orders.expect(COUNT, 'inner')
  }))

/** The status of an instance has how much the brokers keep of internal topics, within a few seconds, and that nothing waits there. */
async function showsWhatIsKept({ broker, tag }: Orders, port: number): Promise<void> {
  const topics = ['facts', 'right'].map((side) => `${tag}-job-${side}-repartition`)
  for (let tries = 0; ; tries++) {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/status`)
    const { kept, lags } = (await answer.json()) as Record<'kept' | 'lags', Record<string, number>>
    const wanted: Record<string, number> = {}
    for (const topic of topics) {
      const [ends, heads] = await Promise.all([
        broker.admin.offsets(topic, 'latest'),
        broker.admin.offsets(topic, 'earliest'),
      ])
      wanted[topic] = [...ends].reduce((sum, [p, end]) => sum + end - (heads.get(p) ?? 0), 0)
    }
    const waiting = topics.filter((topic) => lags[topic] !== 0)
    if (waiting.length === 0 && isDeepStrictEqual(kept, wanted)) return
    assert.ok(tries < 100, JSON.stringify({ waiting, kept, wanted }))
    await sleep(200)
  }
}

test('both sides of another key: a crash in a commit changes nothing, and what was read of internal topics is deleted', () =>
  withOrders('both', async (orders, file) => {
    const crashing = orders.start({ ENRICHER_KILL_AFTER: '3:5', INSTANCE_ID: 'a' }, file)
    await crashing.logged('Task running')
    let sent = 0
    for (const part = COUNT / 20; crashing.alive && sent < COUNT; sent += part) {
      await orders.send(sent, sent + part)
      await sleep(200)
    }
    assert.equal(await crashing.ended, 'SIGKILL')
    const service = orders.start({ INSTANCE_ID: 'a' }, file)
    await orders.send(sent, COUNT)
    await orders.sendRest(COUNT)
    await orders.expect(COUNT, 'inner')
    for (const side of ['facts', 'right']) {
      const topic = `${orders.tag}-job-${side}-repartition`
      for (let tries = 0; ; tries++) {
        const heads = [...(await orders.broker.admin.offsets(topic, 'earliest')).values()]
        if (heads.every((head) => head > 0)) break
        assert.ok(tries < 300, `${topic} keeps what was read: ${heads}`)
        await sleep(200)
      }
    }
    await showsWhatIsKept(orders, await httpPort(service))
  }))
