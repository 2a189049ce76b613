/** Our side of a measurement: the built service as a process, started as its container does. */
import type { ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../test/support/kafka.ts'
import type { BenchKafka } from './kafka.ts'
import { ended, ROOT, SERVICE_ENV, startProcess } from './process.ts'

export const PIPELINE = 'examples/orders/pipeline.yaml'

/** What is run: the folder of a build (this one's, unless given), V8 flags, pipeline. */
export interface Build {
  readonly flags: readonly string[]
  readonly folder?: string
  /** Its pipeline file, that of the orders unless given. */
  readonly pipeline?: string
}

export interface ServiceOptions extends Build {
  /** Of the input topics. */
  readonly tag: string
  /** Group, and prefix of output, rejects and changelog topics. */
  readonly name: string
  readonly stateDir: string
  readonly within?: string
  /** Makes it a static member of the group. */
  readonly instanceId?: string
}

/** One line of its log. */
export interface LogLine {
  readonly msg: string
  /** In ISO 8601. */
  readonly time: string
  readonly ms: number
  readonly records: number
  readonly partitions: readonly number[]
}

export const outputTopic = (name: string): string => `${name}.enriched`

export class Service {
  readonly pid: number
  readonly #child: ChildProcess
  readonly #port: number
  readonly #log: LogLine[] = []
  readonly #events = new EventEmitter()
  #said = ''

  private constructor(child: ChildProcess, port: number) {
    this.#child = child
    this.#port = port
    this.pid = child.pid!
    createInterface({ input: child.stdout! }).on('line', (line) => {
      this.#keep(line)
      this.#log.push(JSON.parse(line))
      this.#events.emit('change')
    })
    createInterface({ input: child.stderr! }).on('line', (line) => this.#keep(line))
    child.once('close', () => this.#events.emit('change'))
  }

  static async start(kafka: BenchKafka, options: ServiceOptions): Promise<Service> {
    const { tag, name, stateDir, flags, folder = ROOT, within = '60s', instanceId = '' } = options
    const { pipeline = PIPELINE } = options
    const port = await freePort()
    const env = {
      ...SERVICE_ENV,
      KAFKA_BROKERS: kafka.address,
      TAG: tag,
      NAME: name,
      OUTPUT_TOPIC: outputTopic(name),
      REJECTS_TOPIC: `${name}.rejects`,
      STATE_DIR: stateDir,
      WITHIN: within,
      INSTANCE_ID: instanceId,
      HTTP_PORT: String(port),
    }
    const args = [...flags, 'dist/main.js', 'run', pipeline]
    const service = new Service(startProcess(process.execPath, args, { env, folder }), port)
    await service.logged('Listening')
    return service
  }

  /** Waits until it has logged this `count` times; the lines. */
  async logged(msg: string, count = 1, seconds = 120): Promise<LogLine[]> {
    const signal = AbortSignal.timeout(seconds * 1000)
    for (;;) {
      const lines = this.#log.filter((line) => line.msg === msg)
      if (lines.length >= count) return lines
      this.#check()
      await once(this.#events, 'change', { signal }).catch((cause) => {
        throw new Error(`The service has not logged "${msg}":\n${this.#said}`, { cause })
      })
    }
  }

  /** Waits until it says that it is ready: asked once a second, as by a tight readiness probe. */
  async ready(seconds = 60): Promise<void> {
    for (const limit = performance.now() + seconds * 1000; performance.now() < limit; ) {
      await sleep(1000)
      this.#check()
      const answer = await this.#get('/readyz').catch(() => undefined)
      if (answer?.ok) return
    }
    throw new Error(`The service is not ready after ${seconds} s:\n${this.#said}`)
  }

  /** Reads /metrics; the sum of a metric's series that have this label, if one is given. */
  async metrics(): Promise<(name: string, label?: string) => number> {
    this.#check()
    const text = await (await this.#get('/metrics')).text()
    const lines = text.split('\n')
    return (name, label = '') =>
      lines
        .filter((line) => line.startsWith(`${name}{`) || line.startsWith(`${name} `))
        .filter((line) => line.includes(label))
        .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
  }

  /** SIGTERM, and SIGKILL where that does not help. Throws where it does not end well. */
  async stop(): Promise<void> {
    this.#child.kill('SIGTERM')
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), 15_000)
    const code = await ended(this.#child)
    clearTimeout(timer)
    if (code !== 0) throw new Error(`The service has ended with ${code}:\n${this.#said}`)
  }

  /** Waits until `done` says so of its metrics. A scrape costs it CPU as well: some 8 ms. */
  reaches(
    done: (metric: (name: string, label?: string) => number) => boolean,
    seconds: number,
  ): Promise<(name: string, label?: string) => number> {
    return this.#look(seconds, async () => {
      const metric = await this.metrics()
      return done(metric) ? metric : undefined
    })
  }

  /** Four times a second, until there is an answer. */
  async #look<T>(seconds: number, answer: () => Promise<T | undefined>): Promise<T> {
    for (const limit = performance.now() + seconds * 1000; performance.now() < limit; ) {
      this.#check()
      const found = await answer()
      if (found !== undefined) return found
      await sleep(250)
    }
    throw new Error(`The service is not done after ${seconds} s:\n${this.#said}`)
  }

  #get(path: string): Promise<Response> {
    const signal = AbortSignal.timeout(10_000)
    return fetch(`http://127.0.0.1:${this.#port}${path}`, { signal })
  }

  #check(): void {
    if (this.#child.exitCode === null && this.#child.signalCode === null) return
    throw new Error(`The service has ended:\n${this.#said}`)
  }

  #keep(line: string): void {
    this.#said = `${this.#said}${line}\n`.slice(-4000)
  }
}
