/** One replica of the service, started as its container does. */
import { type ChildProcess, spawn } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'

export interface Usage {
  /** CPU-seconds since start. */
  readonly cpu: number
  readonly memoryBytes: number
  readonly lag: number
}

export class ServiceProcess {
  readonly #child: ChildProcess
  /** Of its HTTP server: host:port. */
  readonly address: string
  #said = ''
  #last: Usage = { cpu: 0, memoryBytes: 0, lag: Number.NaN }

  constructor(file: string, env: Record<string, string>) {
    this.address = `127.0.0.1:${env.HTTP_PORT}`
    this.#child = spawn(process.execPath, ['--single-threaded-gc', 'dist/main.js', 'run', file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    for (const stream of [this.#child.stdout!, this.#child.stderr!]) {
      stream.on('data', (chunk) => {
        this.#said = (this.#said + chunk).slice(-4000)
      })
    }
  }

  /** Waits for /readyz. Throws, with what the service said, when it ends before. */
  async ready(): Promise<void> {
    for (let tries = 0; tries < 600; tries++) {
      this.check()
      const answer = await this.#get('/readyz').catch(() => undefined)
      if (answer?.ok) return
      await sleep(100)
    }
    throw new Error(`The service does not become ready:\n${this.#said}`)
  }

  check(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return
    throw new Error(`The service has ended:\n${this.#said}`)
  }

  /** As it was last where it does not answer in time. */
  async usage(): Promise<Usage> {
    this.#last = await this.#usage().catch(() => this.#last)
    return this.#last
  }

  async #usage(): Promise<Usage> {
    const text = await (await this.#get('/metrics')).text()
    const sum = (name: string): number =>
      [...text.matchAll(new RegExp(`^${name}(?:{[^}]*})? (\\S+)$`, 'gm'))].reduce(
        (total, [, value]) => total + Number(value),
        0,
      )
    return {
      cpu: sum('process_cpu_seconds_total'),
      memoryBytes: sum('process_resident_memory_bytes'),
      lag: sum('enricher_consumer_lag_records'),
    }
  }

  /** SIGTERM. @returns the exit code */
  stop(): Promise<number | null> {
    const ended = new Promise<number | null>((resolve) => this.#child.once('exit', resolve))
    this.#child.kill('SIGTERM')
    return ended
  }

  kill(): void {
    this.#child.kill('SIGKILL')
  }

  #get(path: string): Promise<Response> {
    return fetch(`http://${this.address}${path}`, { signal: AbortSignal.timeout(5000) })
  }
}
