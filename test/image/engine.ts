/**
 * Docker where it runs, else podman (Debian: podman, buildah, runc, debootstrap; as root), whose
 * commands are the same. Without Docker no image registry is reached either: the bases are made here.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { copyFileSync, cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { arch, tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { hasDocker } from '../support/kafka.ts'

const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const docker = hasDocker()
const COMMAND = docker ? 'docker' : 'podman'
const ENV = {
  ...process.env,
  CONTAINERS_CONF: here('containers.conf'),
  BUILDAH_FORMAT: 'docker',
  BUILDAH_ISOLATION: 'chroot',
}
const NODE = '24.9.0'
const NPM = '11.6.0'
const BASES = { NODE_IMAGE: 'node', DISTROLESS_IMAGE: 'distroless' }
const AUTHORITIES = '/etc/ssl/certs/ca-certificates.crt'

/** Runs a command of the engine to its end. Throws, with what it said, when it fails. @returns its output */
export function engine(...args: string[]): string {
  const { status, stdout, stderr, error } = spawnSync(COMMAND, args, { env: ENV, encoding: 'utf8' })
  if (error) throw error
  if (status === 0) return stdout.trim()
  throw new Error(`${COMMAND} ${args.join(' ')} ended with ${status}:\n${stdout}${stderr}`)
}

/** A container on this machine's network, with what it writes. It is removed when it ends. */
export const runContainer = (...args: string[]) =>
  spawn(COMMAND, ['run', '--rm', '--network', 'host', ...args], {
    env: ENV,
    stdio: ['ignore', 'pipe', 'pipe'],
  })

/** Builds a target of the Dockerfile. @returns the image's name */
export function buildImage(target: 'slim' | 'distroless'): string {
  const name = `localhost/stream-enricher:${target}`
  const bases = docker ? {} : Object.fromEntries(Object.entries(BASES).map(base))
  const args = Object.entries({ ...bases, REVISION: 'test' })
  const flags = args.flatMap(([key, value]) => ['--build-arg', `${key}=${value}`])
  engine('build', '--network', 'host', '--target', target, '--tag', name, ...flags, '.')
  return name
}

/** The stand-in for a base, made when it is not there yet. */
function base([arg, target]: [string, string]): [string, string] {
  const name = `localhost/stream-enricher-base:${target}`
  const there = engine('images', '--quiet', name)
  if (there === '') makeBases()
  return [arg, name]
}

function makeBases(): void {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-base-'))
  const run = (command: string, ...args: string[]): Buffer => execFileSync(command, args)
  try {
    const packages = [`node-linux-${arch()}@${NODE}`, `npm@${NPM}`]
    run('npm', 'install', '--no-save', '--prefix', folder, ...packages)
    copyFileSync(`${folder}/node_modules/node-linux-${arch()}/bin/node`, `${folder}/node`)
    cpSync(`${folder}/node_modules/npm`, `${folder}/npm`, { recursive: true })
    const registry = run('npm', 'config', 'get', 'registry')
    writeFileSync(`${folder}/npmrc`, `registry=${registry}cafile=${AUTHORITIES}\n`)
    copyFileSync(AUTHORITIES, `${folder}/authorities.pem`)
    run('debootstrap', '--variant=minbase', 'bookworm', `${folder}/debian`)
    run('tar', '-C', `${folder}/debian`, '-cf', `${folder}/debian.tar`, '.')
    for (const target of Object.values(BASES)) {
      const name = `localhost/stream-enricher-base:${target}`
      engine('build', '-f', here('base/Dockerfile'), '--target', target, '--tag', name, folder)
    }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}
