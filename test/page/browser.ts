/** Chromium without a window, told what to do by its DevTools protocol over a pipe. */
import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { pathOf } from '../support/needs.ts'

interface Answer {
  readonly id?: number
  readonly result?: Record<string, unknown>
  readonly error?: { readonly message: string }
}

export interface Look {
  readonly width: number
  readonly scheme: 'light' | 'dark'
}

export class Browser {
  readonly #child: ChildProcess
  readonly #folder: string
  readonly #waiting = new Map<number, (answer: Answer) => void>()
  #sent = 0
  #read = ''

  constructor() {
    this.#folder = mkdtempSync(join(tmpdir(), 'stream-enricher-page-'))
    this.#child = spawn(
      pathOf('chromium'),
      [
        ...['--headless', '--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
        ...['--hide-scrollbars', '--remote-debugging-pipe', `--user-data-dir=${this.#folder}`],
        'about:blank',
      ],
      { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'], env: { ...process.env, TZ: 'UTC' } },
    )
    const output = this.#child.stdio[4] as Readable
    output.setEncoding('utf8').on('data', (text: string) => this.#take(text))
  }

  /** A tab of its own, so that nothing is left of the page before. */
  async open(url: string, { width, scheme }: Look): Promise<Page> {
    const { targetId } = await this.send('Target.createTarget', { url: 'about:blank' })
    const attach = { targetId, flatten: true }
    const { sessionId } = await this.send('Target.attachToTarget', attach)
    const page = new Page(this, sessionId as string, targetId as string)
    const mobile = width < 600
    const metrics = { width, height: 900, deviceScaleFactor: 1, mobile }
    await page.send('Emulation.setDeviceMetricsOverride', metrics)
    const features = [
      { name: 'prefers-color-scheme', value: scheme },
      { name: 'prefers-reduced-motion', value: 'reduce' },
    ]
    await page.send('Emulation.setEmulatedMedia', { features })
    // A tab behind another one is hidden, and the page asks nothing while it is.
    await page.send('Page.bringToFront')
    await page.send('Page.navigate', { url })
    return page
  }

  async send(method: string, params: object, sessionId?: string): Promise<Record<string, unknown>> {
    const id = ++this.#sent
    const input = this.#child.stdio[3] as Writable
    const answered = new Promise<Answer>((resolve) => this.#waiting.set(id, resolve))
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    const { result = {}, error } = await answered
    if (error !== undefined) throw new Error(`${method}: ${error.message}`)
    return result
  }

  async close(): Promise<void> {
    const ended = new Promise((resolve) => this.#child.once('exit', resolve))
    await this.send('Browser.close', {})
    await ended
    // What it has started may still write for a moment.
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 })
  }

  #take(text: string): void {
    const messages = (this.#read + text).split('\0')
    this.#read = messages.pop()!
    for (const message of messages) {
      const answer = JSON.parse(message) as Answer
      if (answer.id === undefined) continue
      this.#waiting.get(answer.id)?.(answer)
      this.#waiting.delete(answer.id)
    }
  }
}

export class Page {
  readonly #browser: Browser
  readonly #session: string
  readonly #target: string

  constructor(browser: Browser, session: string, target: string) {
    this.#browser = browser
    this.#session = session
    this.#target = target
  }

  send(method: string, params: object = {}): Promise<Record<string, unknown>> {
    return this.#browser.send(method, params, this.#session)
  }

  /** The value of a script, which may be a promise. Throws what it throws. */
  async run<T>(expression: string): Promise<T> {
    const options = { expression, awaitPromise: true, returnByValue: true }
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', options)
    const fault = exceptionDetails as { exception?: { description?: string } } | undefined
    if (fault !== undefined) throw new Error(fault.exception?.description ?? expression)
    return (result as { value: T }).value
  }

  /** Waits until a script's value is true; before the page is there it throws. */
  async until(condition: string): Promise<void> {
    for (const end = Date.now() + 20_000; Date.now() < end; await sleep(50)) {
      if (await this.run<boolean>(`Boolean(${condition})`).catch(() => false)) return
    }
    throw new Error(`Not within 20 s: ${condition}\n${await this.text()}`)
  }

  /** What a person sees of the elements: of all, of the first that fits. */
  text(selector = 'body'): Promise<string> {
    return this.run(`document.querySelector(${JSON.stringify(selector)}).innerText`)
  }

  /** Of the whole page, however much it has grown a moment ago. */
  async screenshot(file: string): Promise<void> {
    const { cssContentSize } = await this.send('Page.getLayoutMetrics')
    const clip = { ...(cssContentSize as object), scale: 1 }
    const options = { captureBeyondViewport: true, clip }
    const { data } = await this.send('Page.captureScreenshot', options)
    writeFileSync(file, Buffer.from(data as string, 'base64'))
  }

  async close(): Promise<void> {
    await this.#browser.send('Target.closeTarget', { targetId: this.#target })
  }
}
