/** A broker of any version of Kafka from 2.5 on, from Maven's jars: before 3.3 with a ZooKeeper beside it. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  answers,
  BROKER_SETTINGS,
  CLUSTER_ID,
  endOf,
  freePort,
  type RunningKafka,
} from '../support/kafka.ts'

const POM = fileURLToPath(new URL('../support/kafka/pom.xml', import.meta.url))
const JARS = fileURLToPath(new URL('../../.kafka/versions', import.meta.url))

function jarsOf(version: string): string {
  const folder = join(JARS, version)
  const done = join(folder, '.complete')
  if (existsSync(done)) return folder
  mkdirSync(folder, { recursive: true })
  const goal = ['dependency:copy-dependencies', `-DoutputDirectory=${folder}`]
  const args = ['-q', '-f', POM, `-Dkafka.version=${version}`, ...goal]
  execFileSync('mvn', args, { stdio: ['ignore', 'inherit', 'inherit'] })
  writeFileSync(done, '')
  return folder
}

const hasKRaft = (version: string): boolean => {
  const [major, minor] = version.split('.').map(Number)
  return major > 3 || (major === 3 && minor >= 3)
}

/** Processes of Java, with their output in a file each; all are ended together. */
class Processes {
  readonly folder = mkdtempSync(join(tmpdir(), 'stream-enricher-brokers-'))
  readonly #jars: string
  readonly #running: ChildProcess[] = []

  constructor(version: string) {
    this.#jars = jarsOf(version)
    process.once('exit', () => this.end())
  }

  args(main: string, ...rest: string[]): string[] {
    // Clients of versions before 3.1 are not made for Java 17, whose modules they reach into.
    const opened = ['java.base/java.nio', 'java.base/sun.nio.ch', 'java.base/java.lang'].flatMap(
      (part) => ['--add-opens', `${part}=ALL-UNNAMED`],
    )
    const options = ['-Xmx768m', '-Dzookeeper.admin.enableServer=false', ...opened]
    return [...options, '-cp', `${this.#jars}/*`, main, ...rest]
  }

  /** @returns throws where it has ended */
  start(name: string, main: string, ...rest: string[]): () => void {
    const log = join(this.folder, `${name}.log`)
    const output = openSync(log, 'a')
    const child = spawn('java', this.args(main, ...rest), { stdio: ['ignore', output, output] })
    this.#running.push(child)
    return () => {
      if (child.exitCode !== null) throw new Error(endOf(readFileSync(log, 'utf8')))
    }
  }

  end(): void {
    for (const child of this.#running) child.kill('SIGKILL')
    rmSync(this.folder, { recursive: true, force: true })
  }
}

function write(file: string, settings: Record<string, string | number>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`)
  writeFileSync(file, lines.join(''))
}

export async function startVersion(version: string): Promise<RunningKafka> {
  const processes = new Processes(version)
  const [port, other] = [await freePort(), await freePort()]
  const address = `127.0.0.1:${port}`
  const file = join(processes.folder, 'server.properties')
  const own = { ...BROKER_SETTINGS, 'log.dirs': join(processes.folder, 'data') }
  const advertised = { 'advertised.listeners': `PLAINTEXT://${address}` }
  if (hasKRaft(version)) {
    write(file, {
      ...{ ...own, ...advertised, 'process.roles': 'broker,controller', 'node.id': 1 },
      listeners: `PLAINTEXT://${address},CONTROLLER://127.0.0.1:${other}`,
      'controller.quorum.voters': `1@127.0.0.1:${other}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    })
    const format = ['format', '-t', CLUSTER_ID, '-c', file]
    execFileSync('java', processes.args('kafka.tools.StorageTool', ...format), { stdio: 'ignore' })
  } else {
    const data = join(processes.folder, 'zookeeper')
    processes.start(
      'zookeeper',
      'org.apache.zookeeper.server.ZooKeeperServerMain',
      `${other}`,
      data,
    )
    const zookeeper = { 'broker.id': 1, 'zookeeper.connect': `127.0.0.1:${other}` }
    write(file, { ...own, ...advertised, ...zookeeper, listeners: `PLAINTEXT://${address}` })
  }
  await answers(address, processes.start('broker', 'kafka.Kafka', file))
  return { address, pid: 0, stop: async () => processes.end() }
}
