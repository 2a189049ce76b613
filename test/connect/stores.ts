/** The databases around Kafka Connect that can be run on this machine; a process each, on loopback. */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { chownSync, cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/kafka.ts'
import { LIBS, OPENSEARCH } from './connect.ts'

const TRIES = 600
const POSTGRES = '/usr/lib/postgresql'
const MONGO = fileURLToPath(new URL('./MongoStandIn.java', import.meta.url))

export interface Postgres {
  readonly port: number
  /** Runs SQL, all or nothing. @returns rows as text, columns divided by | */
  sql(text: string): string[]
  run(file: string): void
  stop(): Promise<void>
}

/** Gives a folder to the user `postgres` where this is root, as whom neither of two servers runs. */
function ownerOf(folder: string): { uid: number; gid: number } {
  const root = process.getuid?.() === 0
  const id = (flag: string): number =>
    Number(execFileSync('id', root ? [flag, 'postgres'] : [flag]).toString())
  const owner = { uid: id('-u'), gid: id('-g') }
  chownSync(folder, owner.uid, owner.gid)
  return owner
}

/** Debian's PostgreSQL, which will not run as root: its own user does. */
export async function startPostgres(): Promise<Postgres> {
  const version = readdirSync(POSTGRES).sort().at(-1)
  const bin = (name: string): string => `${POSTGRES}/${version}/bin/${name}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-postgres-'))
  const owner = ownerOf(folder)
  const data = join(folder, 'data')
  const quiet = { ...owner, cwd: folder, stdio: 'ignore' } as const
  execFileSync(bin('initdb'), ['-D', data, '-U', 'shop', '-A', 'trust', '--no-sync'], quiet)
  const port = await freePort()
  const settings = { port, wal_level: 'logical', fsync: 'off', unix_socket_directories: folder }
  const flags = Object.entries(settings).flatMap(([key, value]) => ['-c', `${key}=${value}`])
  const server = spawn(bin('postgres'), ['-D', data, ...flags], quiet)
  const kill = (): void => {
    server.kill('SIGKILL')
  }
  process.once('exit', kill)
  const psql = (database: string, ...args: string[]): string =>
    execFileSync(
      bin('psql'),
      [
        ...['-h', '127.0.0.1', '-p', `${port}`, '-U', 'shop', '-d', database],
        ...['-v', 'ON_ERROR_STOP=1', '-q', '-t', '-A', ...args],
      ],
      { stdio: ['ignore', 'pipe', 'pipe'] },
    ).toString()
  await until('PostgreSQL answers', () => psql('postgres', '-c', 'SELECT 1') === '1\n')
  psql('postgres', '-c', 'CREATE DATABASE shop')
  return {
    port,
    sql: (text) => psql('shop', '-c', text).split('\n').slice(0, -1),
    run: (file) => void psql('shop', '-f', file),
    async stop() {
      process.removeListener('exit', kill)
      const ended = new Promise((resolve) => server.once('exit', resolve))
      server.kill('SIGQUIT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export interface Stopping {
  readonly port: number
  stop(): void
}

export interface Redis extends Stopping {
  get(key: string): Buffer | null
}

/** In MongoDB's stead, for its server is in no package: mongo-java-server speaks its protocol. */
export async function startMongo(): Promise<Stopping> {
  const port = await freePort()
  const server = spawn('java', ['-Xmx256m', '-cp', `${LIBS}/*`, MONGO, `${port}`], {
    stdio: 'ignore',
  })
  const stop = (): void => {
    server.kill('SIGKILL')
  }
  process.once('exit', stop)
  return { port, stop }
}

/** Debian's Redis, in memory. */
export async function startRedis(): Promise<Redis> {
  const port = await freePort()
  const server = spawn('redis-server', ['--port', `${port}`, '--bind', '127.0.0.1', '--save', ''], {
    stdio: 'ignore',
  })
  const stop = (): void => {
    server.kill('SIGKILL')
  }
  process.once('exit', stop)
  const ask = (...args: string[]): Buffer =>
    execFileSync('redis-cli', ['-p', `${port}`, ...args], { stdio: 'pipe' })
  await until('Redis answers', () => ask('PING').toString() === 'PONG\n')
  return {
    port,
    stop,
    // The client puts a line feed behind what it writes.
    get: (key) =>
      ask('EXISTS', key).toString() === '1\n' ? ask('GET', key).subarray(0, -1) : null,
  }
}

/** It asks for one by a variable. */
const javaHome = (): string =>
  /java\.home = (.+)/.exec(
    spawnSync('java', ['-XshowSettings:properties', '-version'], { encoding: 'utf8' }).stderr,
  )![1]

/** The OpenSearch server that is in Maven, without its plugins; it will not run as root. */
export async function startOpensearch(): Promise<Stopping> {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-opensearch-'))
  const [port, transport] = [await freePort(), await freePort()]
  const owner = ownerOf(folder)
  // It writes beside its own files.
  cpSync(OPENSEARCH, folder, { recursive: true })
  const settings = {
    'discovery.type': 'single-node',
    'http.port': port,
    'transport.port': transport,
    'cluster.routing.allocation.disk.threshold_enabled': false,
  }
  execFileSync('chown', ['-R', `${owner.uid}:${owner.gid}`, folder])
  const flags = Object.entries(settings).map(([key, value]) => `-E${key}=${value}`)
  const server = spawn(join(folder, 'bin/opensearch'), flags, {
    ...owner,
    cwd: folder,
    stdio: 'ignore',
    env: {
      ...process.env,
      OPENSEARCH_JAVA_HOME: javaHome(),
      OPENSEARCH_JAVA_OPTS: '-Xms512m -Xmx512m',
    },
  })
  const stop = (): void => {
    server.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  }
  process.once('exit', stop)
  await until('OpenSearch answers', async () => (await fetch(`http://127.0.0.1:${port}`)).ok)
  return { port, stop }
}

/** Waits until something is so; a throw is a no. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  let failure: unknown
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      if (await holds()) return
    } catch (error) {
      const { code, path } = error as NodeJS.ErrnoException
      if (code === 'ENOENT')
        throw new Error(`There is no ${path}; CONTRIBUTING.md says what to install`)
      failure = error
    }
    await sleep(500)
  }
  throw new Error(`Not so after five minutes: ${what}`, { cause: failure })
}
