/** A real Apache Kafka on this machine: KRaft, one node or several. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Kafka, logLevel } from '../../src/broker/kafkajs.ts'
import { codeOf, messageOf } from '../../src/errors.ts'

const POM = fileURLToPath(new URL('./kafka/pom.xml', import.meta.url))
const JARS = fileURLToPath(new URL('../../.kafka/libs', import.meta.url))
/** The version of the jars. */
const IMAGE = 'apache/kafka:4.1.1'
/** Any 16 bytes in base64. */
export const CLUSTER_ID = '4L6g3nShT-eMCtK--X86sw'

export interface RunningKafka {
  /** host:port */
  readonly address: string
  /** 0: in a container. */
  readonly pid: number
  stop(): Promise<void>
}

export interface LocalKafka extends RunningKafka {
  /** SIGKILL, and a start on the same folder after this long. */
  restart(downMs: number): Promise<void>
}

/** Below those that connections get: one of these could take the port before its server does. */
const FIRST_PORT = 12_000
const PORTS = 20_000

export function freePort(): Promise<number> {
  const port = FIRST_PORT + Math.floor(Math.random() * PORTS)
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(freePort()) : reject(error),
    )
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(port)))
  })
}

/** Whether a server of ours can have it. */
export function isFree(port: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(false) : reject(error),
    )
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}

/** Its message is all that a user has to see. */
export class NoKafka extends Error {
  constructor() {
    super(
      'Apache Kafka is needed: install Java 17 and Maven (or Docker, for the demo), or name a running broker in KAFKA_BROKERS (for the tests in TEST_BROKER)',
    )
  }
}

const runs = (command: string): boolean =>
  spawnSync(command, ['-version'], { stdio: 'ignore' }).status === 0

function fetchJars(): void {
  const done = join(JARS, '.complete')
  if (!runs('java')) throw new NoKafka()
  if (existsSync(done)) return
  if (!runs('mvn')) throw new NoKafka()
  mkdirSync(JARS, { recursive: true })
  const goal = ['-q', '-f', POM, 'dependency:copy-dependencies', `-DoutputDirectory=${JARS}`]
  execFileSync('mvn', goal, { stdio: ['ignore', 'inherit', 'inherit'] })
  writeFileSync(done, '')
}

/** Ends the process with one sentence where there is no Kafka, or it does not answer; any other error goes on. */
export function endWithoutKafka(error: unknown): never {
  if (!(error instanceof NoKafka) && codeOf(error) !== 'BROKER_UNREACHABLE') throw error
  process.stderr.write(`${messageOf(error)}\n`)
  process.exit(1)
}

/** Of a broker of any version. */
export const BROKER_SETTINGS = {
  'num.partitions': 4,
  'auto.create.topics.enable': 'false',
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.num.partitions': 4,
  'transaction.state.log.min.isr': 1,
  'group.initial.rebalance.delay.ms': 0,
  'log.retention.check.interval.ms': 86_400_000,
}

function settings(port: number, controller: number): Record<string, string | number> {
  return {
    'process.roles': 'broker,controller',
    'node.id': 1,
    'controller.quorum.voters': `1@127.0.0.1:${controller}`,
    'advertised.listeners': `PLAINTEXT://127.0.0.1:${port}`,
    'controller.listener.names': 'CONTROLLER',
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    ...BROKER_SETTINGS,
  }
}

/**
 * A broker from Maven's jars, on the local Java.
 * @param more settings of the broker
 * @param listeners further ones, as the settings `listeners` and `advertised.listeners` name them
 */
export async function startKafka(
  more: Record<string, string> = {},
  listeners: readonly string[] = [],
): Promise<LocalKafka> {
  return startNode(await freePort(), more, listeners)
}

/** Three brokers, each of which holds all partitions; a write is answered once two have it. */
export async function startCluster(): Promise<LocalKafka[]> {
  const controllers = [await freePort(), await freePort(), await freePort()]
  const voters = controllers.map((port, i) => `${i + 1}@127.0.0.1:${port}`).join(',')
  const replicas = {
    'controller.quorum.voters': voters,
    // Another one leads this long after one has died.
    'broker.session.timeout.ms': '3000',
    'broker.heartbeat.interval.ms': '500',
    'default.replication.factor': '3',
    'min.insync.replicas': '2',
    'offsets.topic.replication.factor': '3',
    'transaction.state.log.replication.factor': '3',
    'transaction.state.log.min.isr': '2',
  }
  return Promise.all(
    controllers.map((port, i) => startNode(port, { 'node.id': String(i + 1), ...replicas })),
  )
}

async function startNode(
  controller: number,
  more: Record<string, string>,
  listeners: readonly string[] = [],
): Promise<LocalKafka> {
  fetchJars()
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-kafka-'))
  const port = await freePort()
  const file = join(folder, 'server.properties')
  const lines = Object.entries({
    ...settings(port, controller),
    'advertised.listeners': [`PLAINTEXT://127.0.0.1:${port}`, ...listeners].join(','),
    listeners: [
      `PLAINTEXT://127.0.0.1:${port}`,
      `CONTROLLER://127.0.0.1:${controller}`,
      ...listeners,
    ].join(','),
    'log.dirs': join(folder, 'data'),
    ...more,
  }).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(file, lines.join(''))
  const java = ['-Xmx768m', '-cp', `${JARS}/*`]
  const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', file]
  execFileSync('java', [...java, ...format], { stdio: 'ignore' })
  const log = join(folder, 'broker.log')
  const address = `127.0.0.1:${port}`
  let broker: ChildProcess
  const start = async (): Promise<void> => {
    const output = openSync(log, 'a')
    broker = spawn('java', [...java, 'kafka.Kafka', file], { stdio: ['ignore', output, output] })
    await answers(address, () => {
      if (broker.exitCode !== null) throw new Error(endOf(readFileSync(log, 'utf8')))
    })
  }
  const end = async (): Promise<void> => {
    const ended = new Promise((resolve) => broker.once('exit', resolve))
    broker.kill('SIGKILL')
    await ended
  }
  const kill = (): void => {
    broker.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', kill)
  await start()
  return {
    address,
    get pid() {
      return broker.pid!
    },
    async restart(downMs) {
      await end()
      await sleep(downMs)
      await start()
    },
    async stop() {
      process.removeListener('exit', kill)
      await end()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Whether a container engine answers. */
export const hasDocker = (): boolean =>
  spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { stdio: 'ignore' })
    .status === 0

/** A broker in a container. */
export async function startKafkaInDocker(): Promise<RunningKafka> {
  const port = await freePort()
  const controller = 9093
  const env = Object.entries({
    ...settings(port, controller),
    listeners: `PLAINTEXT://:${port},CONTROLLER://:${controller}`,
  }).flatMap(([name, value]) => [
    '--env',
    `KAFKA_${name.toUpperCase().replaceAll('.', '_')}=${value}`,
  ])
  const publish = ['--publish', `127.0.0.1:${port}:${port}`]
  const args = ['run', '--rm', '--detach', ...publish, ...env, IMAGE]
  const id = execFileSync('docker', args, { stdio: ['ignore', 'pipe', 'inherit'] })
    .toString()
    .trim()
  const kill = (): void => {
    execFileSync('docker', ['kill', id], { stdio: 'ignore' })
  }
  process.once('exit', kill)
  const address = `127.0.0.1:${port}`
  await answers(address, () => {})
  return {
    address,
    pid: 0,
    async stop() {
      process.removeListener('exit', kill)
      kill()
    },
  }
}

/** Why a broker has ended, from its log. */
export function endOf(log: string): string {
  const [, taken] = /failed to bind to \S+?:(\d+).*Address already in use/i.exec(log) ?? []
  if (taken !== undefined) {
    return `port ${taken} is taken; Kafka cannot have it. Try again: another one is drawn`
  }
  return `Kafka has ended:\n${log.slice(-2000)}`
}

/** @param check throws where waiting on makes no sense */
export async function answers(address: string, check: () => void): Promise<void> {
  const admin = new Kafka({
    brokers: [address],
    logLevel: logLevel.NOTHING,
    retry: { retries: 0 },
  }).admin()
  for (let tries = 0; tries < 120; tries++) {
    check()
    try {
      await admin.connect()
      await admin.listTopics()
      await admin.disconnect()
      return
    } catch {
      await sleep(500)
    }
  }
  throw new Error(`Kafka does not answer at ${address}`)
}

let shared: Promise<RunningKafka> | undefined

/** The broker of TEST_BROKER, else one for this process. */
export async function testBroker(): Promise<string> {
  if (process.env.TEST_BROKER) return process.env.TEST_BROKER
  shared ??= startKafka()
  return (await shared).address
}
