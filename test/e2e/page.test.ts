/** The status page as a browser has it, of a running instance. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { isPaid } from '../../examples/orders/data.ts'
import { Browser } from '../page/browser.ts'
import { freePort } from '../support/kafka.ts'
import { needs } from '../support/needs.ts'
import { Orders } from './orders.ts'

const { skip } = needs('chromium')

/** The text of the page's parts by their ids, once all has come. */
async function textOf(browser: Browser, url: string): Promise<(id: string) => string> {
  const page = await browser.open(url, { width: 1280, scheme: 'light' })
  try {
    await page.until(`document.querySelector('#members .about')`)
    await page.until(`document.querySelector('#tile-facts')`)
    const script = `[...document.querySelectorAll('main section[id], [id^=tile-], header [id], #lost')].map((one) => [one.id, one.innerText])`
    const texts = new Map(await page.run<[string, string][]>(script))
    return (id) => {
      assert.ok(texts.has(id), `The page has #${id}`)
      return texts.get(id)!.replaceAll(/\s+/g, ' ')
    }
  } finally {
    await page.close()
  }
}

test('the page shows what the instance has taken, written, holds and rejected', {
  skip,
}, async () => {
  const orders = await Orders.create()
  const browser = new Browser()
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
    const text = await textOf(browser, `http://127.0.0.1:${port}/`)
    assert.equal(text('name').trim(), `${orders.tag}-job`)
    assert.equal(text('state').trim(), 'works')
    assert.match(text('verdict'), /^Works: what comes is taken/)
    assert.equal(text('lost').trim(), '')
    assert.match(text('tile-facts'), /3,001 since the start/)
    const paid = Array.from({ length: 3000 }, (_, i) => i).filter(isPaid).length
    assert.match(text('join'), new RegExp(`Matches per fact: ${(paid / 3001).toFixed(3)}`))
    assert.match(text('warnings'), /records_rejected .*: 1 of /)
    assert.match(text('picture'), /customer.*100K rows.*product.*20,000 rows/s)
    for (let task = 0; task < 4; task++)
      assert.match(text('tasks'), new RegExp(` ${task} +running`))
    assert.match(text('dimensions'), /customer +read +100K/)
    assert.match(text('members'), /\(this one\) 127\.0\.0\.1:\d+ works .* 0–3 /)
    assert.match(text('rejects'), /not_framed at decode 1 .*orders-0 @ 0 "key" "rubbish"/)
    assert.match(text('memory'), /disk: window +[\d.]+ [KM]?i?B/)
    for (const id of [
      'picture',
      'tiles',
      'tasks',
      'dimensions',
      'join',
      'epochs',
      'memory',
      'members',
    ]) {
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
    const drained = await textOf(browser, `http://127.0.0.1:${port}/`)
    assert.match(drained('members'), /This instance has left the group/)
    assert.match(drained('tasks'), /No task is here now/)
  } finally {
    await browser.close()
    await orders.close()
  }
})
