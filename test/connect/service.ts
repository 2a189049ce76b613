/** One replica of the compose demo, and what it has and writes. */
import { spawn } from 'node:child_process'
import avsc from 'avsc'
import type { Broker } from '../../src/broker/port.ts'
import { ServiceProcess } from '../e2e/orders.ts'
import { freePort } from '../support/kafka.ts'
import { connect, type ReadRecord, readAll } from '../support/topics.ts'

type Row = Record<string, unknown>

export class Service {
  readonly #process: ServiceProcess
  readonly #broker: Broker
  readonly #registry: string
  readonly #url: string

  private constructor(process: ServiceProcess, broker: Broker, registry: string, url: string) {
    this.#process = process
    this.#broker = broker
    this.#registry = registry
    this.#url = url
  }

  /** Rejects with the log where the service does not begin in time. */
  static async start(brokers: string, registry: string, state: string): Promise<Service> {
    const port = await freePort()
    const env = {
      KAFKA_BROKERS: brokers,
      SCHEMA_REGISTRY_URL: registry,
      HTTP_PORT: String(port),
      HOSTNAME: 'enricher',
      STATE_DIR: state,
    }
    const args = ['dist/main.js', 'run', 'examples/compose/pipeline.yaml']
    const child = spawn(process.execPath, args, {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const service = new ServiceProcess(child)
    process.once('exit', () => child.kill('SIGKILL'))
    await service.logged('Task running', 60)
    const url = `http://127.0.0.1:${port}`
    return new Service(service, await connect(brokers), registry, url)
  }

  /** How many customers it holds. */
  async rows(): Promise<number> {
    const answer = await fetch(`${this.#url}/v1/dimensions`)
    const dimensions = (await answer.json()) as { name: string; rows: number }[]
    return dimensions.find(({ name }) => name === 'customer')!.rows
  }

  async row(id: number): Promise<Row | undefined> {
    const answer = await fetch(`${this.#url}/v1/stores/dimensions/customer/rows/${id}`)
    return answer.ok ? ((await answer.json()) as { row: Row }).row : undefined
  }

  async raw(topic: string): Promise<ReadRecord[]> {
    const records: ReadRecord[] = []
    await readAll(this.#broker, topic, (record) => records.push(record))
    return records
  }

  /** What it wrote, decoded by avsc, in the order of each partition. */
  async output(topic: string): Promise<Row[]> {
    const latest = await fetch(`${this.#registry}/subjects/${topic}-value/versions/latest`)
    const { schema } = (await latest.json()) as { schema: string }
    const type = avsc.Type.forSchema(JSON.parse(schema))
    const values = (await this.raw(topic)).flatMap(({ value }) => (value === null ? [] : [value]))
    return values.map((value) => JSON.parse(JSON.stringify(type.fromBuffer(value.subarray(5)))))
  }

  async stop(): Promise<void> {
    await this.#process.stop()
    await this.#broker.close()
  }
}
