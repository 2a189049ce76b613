/** What the page can tell an instance to do, as a person does it: in Chromium. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ApiError } from '../../src/watch/http/api-error.ts'
import { needs } from '../support/needs.ts'
import { admin } from '../watch/parts.ts'
import { Browser, type Page } from './browser.ts'
import { type Served, serve } from './served.ts'
import { STATES } from './states.ts'

const { skip } = needs('chromium')
const TOKEN = 'secret'

let browser: Browser

before(() => {
  if (!skip) browser = new Browser()
})
after(() => browser?.close())

const quoted = (text: string): string => JSON.stringify(text)

/** Of the page, or of its dialog. */
async function click(page: Page, text: string, within = 'body'): Promise<void> {
  const button = `[...document.querySelectorAll('${within} button')].find((one) => one.innerText.startsWith(${quoted(text)}))`
  await page.until(button)
  await page.run(`${button}.click()`)
}

async function enter(page: Page, token: string): Promise<void> {
  await click(page, 'Enter the token')
  await page.run(`document.querySelector('#ask input').value = ${quoted(token)}`)
  await click(page, 'Enter', '#ask')
}

const closed = (page: Page): Promise<void> => page.until(`!document.querySelector('#ask').open`)

async function visited(name: string, served: Served, work: (page: Page) => Promise<void>) {
  const page = await browser.open(served.url, { width: 1280, scheme: 'light' })
  try {
    await page.until(`document.querySelector('#name').innerText === 'order-enrichment'`)
    await work(page)
  } catch (error) {
    throw new Error(`${name}\n${await page.text()}`, { cause: error })
  } finally {
    await page.close()
    await served.close()
  }
}

test('who has the token pauses, resumes, drains, rebuilds and sets the log level, each after a word of what it does', {
  skip,
}, async () => {
  const done: string[] = []
  let state = STATES.healthy
  const operator = {
    ...admin(done),
    pause() {
      done.push('pause')
      state = STATES.paused
    },
    resume() {
      done.push('resume')
      state = STATES.healthy
    },
  }
  const served = await serve(() => state, {}, operator)
  await visited('actions', served, async (page) => {
    await enter(page, TOKEN)
    await closed(page)
    for (const [button, says] of [
      [
        'Pause',
        /takes and fetches nothing until somebody resumes it.*nobody else takes its 4 tasks/,
      ],
      ['Resume', /goes on where it was paused/],
      ['Drain', /leaves the group for good.*only once its process is started anew/],
    ] as const) {
      await click(page, button, '#actions')
      assert.match(await page.text('#ask .what'), says)
      await click(page, button, '#ask')
      await closed(page)
    }
    assert.deepEqual(done.splice(0), ['pause', 'resume', 'drain'])
    await click(page, 'Rebuild a store', '#actions')
    await page.run(`document.querySelector('#ask select').value = 'window-6'`)
    await click(page, 'Rebuild', '#ask')
    await closed(page)
    assert.deepEqual(done, ['rebuild window-6'])
    await click(page, 'Log level: info', '#actions')
    await page.run(`document.querySelector('#ask select').value = 'warn'`)
    await click(page, 'Set', '#ask')
    await closed(page)
    assert.equal(operator.level(), 'warn')
    await page.until(`document.querySelector('#actions').innerText.includes('Log level: warn')`)
  })
})

test('whoever cancels has done nothing, and what is refused is said in the dialog', {
  skip,
}, async () => {
  const done: string[] = []
  const operator = {
    ...admin(done),
    rebuild: async (): Promise<void> => {
      throw new ApiError(409, 'The dimension customer is being read already')
    },
  }
  const served = await serve(() => STATES.healthy, {}, operator)
  await visited('refused', served, async (page) => {
    await enter(page, TOKEN)
    await closed(page)
    await click(page, 'Drain', '#actions')
    await click(page, 'Cancel', '#ask')
    await closed(page)
    await click(page, 'Rebuild a store', '#actions')
    await click(page, 'Rebuild', '#ask')
    await page.until(`document.querySelector('#ask .fault').innerText !== ''`)
    assert.match(await page.text('#ask .fault'), /customer is being read already/)
    assert.deepEqual(done, [])
  })
})

test('a wrong token opens nothing, and the right one is kept by the tab until it is forgotten', {
  skip,
}, async () => {
  const served = await serve(() => STATES.healthy)
  await visited('token', served, async (page) => {
    await enter(page, 'a wrong one')
    await page.until(`document.querySelector('#ask .fault').innerText !== ''`)
    assert.match(await page.text('#ask .fault'), /does not know the token/)
    await click(page, 'Cancel', '#ask')
    await enter(page, TOKEN)
    await closed(page)
    await page.send('Page.reload')
    await click(page, 'Forget the token', '#actions')
    await page.until(`document.querySelector('#actions').innerText.startsWith('Enter the token')`)
    assert.equal(await page.run('sessionStorage.length'), 0)
  })
})

test('where nothing can be opened by a token the page asks for none', { skip }, async () => {
  const access = { records: 'all', shown: true, acts: false }
  const state = { ...STATES.healthy, status: { ...STATES.healthy.status, access } }
  const served = await serve(() => state, { token: null })
  await visited('open', served, async (page) => {
    assert.equal(await page.run(`document.querySelector('#actions').hidden`), true)
  })
})

test('without a join only dimensions can be rebuilt', { skip }, async () => {
  const served = await serve(() => STATES['without-join'])
  await visited('rebuild', served, async (page) => {
    await enter(page, TOKEN)
    await closed(page)
    await click(page, 'Rebuild a store', '#actions')
    assert.doesNotMatch(await page.text('#ask .what'), /window|changelog/)
    const choices = `[...document.querySelectorAll('#ask option')].map((one) => one.value)`
    assert.deepEqual(await page.run(choices), ['customer', 'product'])
  })
})

test('a page that stays open goes with an instance that has lost its join, and got it again', {
  skip,
}, async () => {
  let state = STATES.healthy
  const served = await serve(() => state)
  await visited('changed', served, async (page) => {
    const before = await page.run<number>(`document.querySelector('#tiles').children.length`)
    assert.equal(before, 8)
    state = STATES['without-join']
    await page.until(`document.querySelector('#node-join0') === null`)
    const hidden = `['join', 'delays'].map((id) => document.getElementById(id).hidden)`
    assert.deepEqual(await page.run(hidden), [true, true])
    assert.equal(await page.run(`document.querySelector('#tiles').children.length`), 6)
    assert.doesNotMatch(await page.text('main'), /Stream time|Unmatched|right stream/)
    state = STATES.healthy
    await page.until(`document.querySelector('#node-join0') !== null`)
    assert.deepEqual(await page.run(hidden), [false, false])
    assert.match(await page.text('#tiles'), /Rejects.*Late.*Unmatched.*Memory/s)
  })
})
