/** The status page as a browser has it, of a running instance. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { isPaid } from '../../examples/orders/data.ts'
import { freePort } from '../support/kafka.ts'
import { needs, pathOf } from '../support/needs.ts'
import { Orders } from './orders.ts'

const { skip } = needs('chromium')

/** The text of the page's parts by their ids, once it has asked some times. */
async function textOf(url: string): Promise<(id: string) => string> {
  const options = ['--headless', '--no-sandbox', '--disable-gpu', '--virtual-time-budget=5000']
  const { stdout } = await promisify(execFile)(
    pathOf('chromium'),
    [...options, '--dump-dom', url],
    {
      maxBuffer: 1 << 24,
      timeout: 120_000,
    },
  )
  const body = stdout.slice(stdout.indexOf('<body'), stdout.indexOf('<script>'))
  return (id) => {
    const [, tag, rest] = new RegExp(`<([a-z0-9]+)[^>]* id="${id}"[^>]*>([^]*)`).exec(body) ?? []
    assert.ok(rest !== undefined, `The page has #${id}`)
    return rest.split(`</${tag}>`)[0].replace(/<[^>]+>/g, ' ')
  }
}

test('the page shows what the instance has taken, written, holds and rejected', {
  skip,
}, async () => {
  const orders = await Orders.create()
  try {
    const port = String(await freePort())
    const service = orders.start({
      HTTP_PORT: port,
      HTTP_ADVERTISE: `127.0.0.1:${port}`,
      HTTP_TOKEN: 'secret',
      JOIN_KIND: 'left',
      JOIN_IDLE: '2s',
    })
    await service.logged('Task running')
    orders.producer.put(orders.topic('orders'), 0, 0, Buffer.from('key'), Buffer.from('rubbish'))
    await orders.send(0, 3000)
    await orders.sendRest(3000)
    await orders.expect(3000, 'left')
    const text = await textOf(`http://127.0.0.1:${port}/`)
    assert.equal(text('name').trim(), `${orders.tag}-job`)
    assert.equal(text('state').trim(), 'works')
    assert.match(text('verdict'), /What comes is taken/)
    assert.equal(text('lost').trim(), '')
    assert.match(text('tile-facts'), /3,001 since start/)
    const paid = Array.from({ length: 3000 }, (_, i) => i).filter(isPaid).length
    assert.match(
      text('tile-ratio'),
      new RegExp(` ${(paid / 3001).toFixed(3)} +.* ${3000 - paid} un`),
    )
    assert.match(text('picture'), /customer.*100K rows.*product.*20,000 rows/s)
    for (let task = 0; task < 4; task++)
      assert.match(text('tasks'), new RegExp(` ${task} +running`))
    assert.match(text('dimensions'), /customer +read +100K/)
    assert.match(text('members'), /\(this one\) +127\.0\.0\.1:\d+ +0, 1, 2, 3/)
    assert.match(text('rejects'), /not_framed/)
    assert.match(text('memory'), /disk: window +[\d.]+ [KM]?i?B/)
    assert.match(text('config'), /"sessionTimeoutMs": 10000/)
    for (const id of ['picture', 'tiles', 'tasks', 'dimensions', 'join', 'epochs', 'memory']) {
      assert.doesNotMatch(text(id), /NaN|undefined|null|\[object|Infinity/, id)
    }
    const headers = { authorization: 'Bearer secret' }
    await fetch(`http://127.0.0.1:${port}/admin/drain`, { method: 'POST', headers })
    for (let tries = 0; tries < 300; tries++) {
      const answer = await fetch(`http://127.0.0.1:${port}/v1/tasks`)
      const tasks = (await answer.json()) as unknown[]
      if (tasks.length === 0) break
      await sleep(100)
    }
    const drained = await textOf(`http://127.0.0.1:${port}/`)
    assert.match(drained('members'), /This instance has left the group/)
    assert.match(drained('tasks'), /No task is here now/)
  } finally {
    await orders.close()
  }
})
