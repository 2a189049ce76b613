/** The databases around Kafka Connect that can be run on this machine; a process each, on loopback. */
import { execFileSync, spawn } from 'node:child_process'
import { chmodSync, chownSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { freePort } from '../support/kafka.ts'
import { LIBS } from './connect.ts'

const TRIES = 120
const POSTGRES = '/usr/lib/postgresql'
const MONGO = fileURLToPath(new URL('./MongoStandIn.java', import.meta.url))

export interface Postgres {
  readonly port: number
  /** Runs SQL, all or nothing. @returns rows as text, columns divided by | */
  sql(text: string): string[]
  run(file: string): void
  stop(): Promise<void>
}

/** Debian's PostgreSQL, which will not run as root: its own user does. */
export async function startPostgres(): Promise<Postgres> {
  const version = readdirSync(POSTGRES).sort().at(-1)
  const bin = (name: string): string => `${POSTGRES}/${version}/bin/${name}`
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-postgres-'))
  const root = process.getuid?.() === 0
  const id = (flag: string): number =>
    Number(execFileSync('id', root ? [flag, 'postgres'] : [flag]).toString())
  const owner = { uid: id('-u'), gid: id('-g') }
  if (root) chownSync(folder, owner.uid, owner.gid)
  chmodSync(folder, 0o700)
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

/** Waits until something is so; a throw is a no. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  let failure: unknown
  for (let tries = 0; tries < TRIES; tries++) {
    try {
      if (await holds()) return
    } catch (error) {
      failure = error
    }
    await sleep(500)
  }
  throw new Error(`Not so after a minute: ${what}`, { cause: failure })
}
