/**
 * What the status page says in each state, word by word: `texts/` has what a person sees. `PAGE_WRITE=1` writes them anew,
 * and `PAGE_SHOTS=folder` has screenshots taken, to be looked at.
 */
import assert from 'node:assert/strict'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { after, before, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { needs } from '../support/needs.ts'
import { Browser, type Look, type Page } from './browser.ts'
import type { State } from './instance.ts'
import { serve } from './served.ts'
import { STATES } from './states.ts'

const { skip } = needs('chromium')
const WIDTHS = { desktop: 1280, phone: 390 }
const folder = process.env.PAGE_SHOTS

let browser: Browser

before(() => {
  if (!skip) browser = new Browser()
  if (folder !== undefined) mkdirSync(folder, { recursive: true })
})
after(() => browser?.close())

/** All has come, and nothing moves any more. */
async function settled(page: Page, { gone }: State): Promise<void> {
  await page.until(`document.querySelector('#members .about')`)
  await page.until(`document.querySelector('#tile-facts svg:not(.empty)')`)
  if (gone) await page.until(`document.body.classList.contains('stale')`)
}

/** The port and the clock of a test are no part of what the page says. */
const constant = (text: string): string =>
  text
    .replaceAll(/127\.0\.0\.1:\d+/g, 'HOST')
    .replaceAll(/since \d\d:\d\d:\d\d UTC/g, 'since HH:MM:SS UTC')
    .replaceAll(/[ \t]+$/gm, '')
    .replaceAll(/\n{2,}/g, '\n')

async function seen(state: State, name: string): Promise<string> {
  const looks = Object.entries(WIDTHS).flatMap(([size, width]) =>
    (['light', 'dark'] as const).map((scheme) => ({ size, width, scheme })),
  )
  // The text is the same in all of them.
  const [first] = looks
  for (const look of folder === undefined ? [] : looks) {
    await shown(state, look, (page) =>
      page.screenshot(`${folder}/${name}-${look.size}-${look.scheme}.png`),
    )
  }
  return `${constant(await shown(state, first, (page) => page.text()))}\n`
}

async function shown<T>(state: State, look: Look, work: (page: Page) => Promise<T>): Promise<T> {
  const served = await serve(() => state)
  const page = await browser.open(served.url, look)
  try {
    await settled(page, state)
    return await work(page)
  } finally {
    await page.close()
    await served.close()
  }
}

for (const [name, state] of Object.entries(STATES)) {
  test(`the page says whether it works, since when not, why, and what to do: ${name}`, {
    skip,
  }, async () => {
    const text = await seen(state, name)
    const file = fileURLToPath(new URL(`./texts/${name}.txt`, import.meta.url))
    if (process.env.PAGE_WRITE === '1') writeFileSync(file, text)
    assert.equal(text, readFileSync(file, 'utf8'), 'If it is meant: PAGE_WRITE=1')
    assert.doesNotMatch(text, /NaN|undefined|null|\[object|Infinity/)
  })
}
