/**
 * A real Kubernetes control plane on this machine: etcd, API server, controllers and scheduler, built from
 * Kubernetes' own modules (minutes, the first time). Its one node is kwok's: pods are said to be ready, and do not run.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { closeSync, existsSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { freePort } from '../support/kafka.ts'
import { tool } from './tools.ts'

const PROGRAMS = resolve('.tools/kubernetes')
const MODULE = resolve('test/helm/control-plane')
const COMMANDS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubectl']
const VERSION = { gitVersion: 'v1.36.3', gitMajor: '1', gitMinor: '36' }
const TOKEN = 'admin'
const PATIENCE_MS = 60_000

export interface ControlPlane {
  readonly kubeconfig: string
  /** Runs kubectl. @returns what it prints @throws with what it complains of */
  kubectl(args: readonly string[], input?: string): string
  stop(): Promise<void>
}

export async function startControlPlane(): Promise<ControlPlane> {
  build()
  const folder = mkdtempSync(join(tmpdir(), 'control-plane-'))
  const children: ChildProcess[] = []
  const begin = (name: string, args: readonly string[], program = join(PROGRAMS, name)): void => {
    const log = openSync(join(folder, `${name}.log`), 'w')
    children.push(spawn(program, args, { stdio: ['ignore', log, log], cwd: folder }))
    closeSync(log)
  }
  const stop = async (): Promise<void> => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null) continue
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGKILL')
      await ended
    }
    rmSync(folder, { recursive: true })
  }
  const kubeconfig = join(folder, 'kubeconfig')
  const kubectl = (args: readonly string[], input = ''): string => {
    const all = ['--kubeconfig', kubeconfig, ...args]
    const result = spawnSync(join(PROGRAMS, 'kubectl'), all, { input, encoding: 'utf8' })
    if (result.status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${result.stderr}`)
    return result.stdout
  }

  const [client, peer, secure] = [await freePort(), await freePort(), await freePort()]
  const etcd = `http://127.0.0.1:${client}`
  begin('server', [
    ...['--data-dir', join(folder, 'etcd'), '--unsafe-no-fsync'],
    ...['--listen-client-urls', etcd, '--advertise-client-urls', etcd],
    ...['--listen-peer-urls', `http://127.0.0.1:${peer}`],
  ])
  const key = join(folder, 'service-account.key')
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  writeFileSync(key, privateKey.export({ type: 'pkcs1', format: 'pem' }))
  writeFileSync(join(folder, 'tokens'), `${TOKEN},${TOKEN},${TOKEN},system:masters\n`)
  begin('kube-apiserver', [
    ...['--etcd-servers', etcd, '--bind-address', '127.0.0.1', '--secure-port', `${secure}`],
    ...['--cert-dir', join(folder, 'certificates'), '--token-auth-file', join(folder, 'tokens')],
    ...['--service-account-issuer', 'https://kubernetes', '--service-account-key-file', key],
    ...['--service-account-signing-key-file', key, '--authorization-mode', 'RBAC'],
    ...['--service-cluster-ip-range', '10.0.0.0/16', '--endpoint-reconciler-type', 'none'],
  ])
  writeFileSync(kubeconfig, kubeconfigOf(`https://127.0.0.1:${secure}`))
  const admin = ['--kubeconfig', kubeconfig]
  const alone = [...admin, '--leader-elect=false', '--secure-port', '0']
  try {
    await until(() => kubectl(['get', '--raw', '/readyz']))
    begin('kube-controller-manager', [...alone, '--service-account-private-key-file', key])
    begin('kube-scheduler', alone)
    begin(
      'kwok',
      [...admin, '--manage-all-nodes', '--config', join(MODULE, 'stages.yaml')],
      tool('kwok'),
    )
    kubectl(['apply', '-f', '-'], NODE)
    await until(() => kubectl(['wait', 'node/node', '--for=condition=Ready', '--timeout=30s']))
    return { kubeconfig, kubectl, stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Tries until it does not throw. */
export async function until<T>(attempt: () => T, patienceMs = PATIENCE_MS): Promise<T> {
  const end = Date.now() + patienceMs
  for (;;) {
    try {
      return attempt()
    } catch (error) {
      if (Date.now() > end) throw error
      await sleep(500)
    }
  }
}

function build(): void {
  if (existsSync(join(PROGRAMS, 'kubectl'))) return
  console.log('Building Kubernetes and etcd …')
  const flags = Object.entries(VERSION).map(
    ([name, value]) => `-X k8s.io/component-base/version.${name}=${value}`,
  )
  const packages = [
    'go.etcd.io/etcd/server/v3',
    ...COMMANDS.map((name) => `k8s.io/kubernetes/cmd/${name}`),
  ]
  const args = ['build', '-ldflags', `-s -w ${flags.join(' ')}`, '-o', `${PROGRAMS}/`, ...packages]
  const { status } = spawnSync('go', args, { cwd: MODULE, stdio: 'inherit' })
  if (status !== 0) throw new Error('Kubernetes cannot be built; it needs Go 1.26')
}

const kubeconfigOf = (server: string): string => `
apiVersion: v1
kind: Config
current-context: local
contexts: [{ name: local, context: { cluster: local, user: admin } }]
clusters: [{ name: local, cluster: { server: "${server}", insecure-skip-tls-verify: true } }]
users: [{ name: admin, user: { token: ${TOKEN} } }]
`
const NODE = `
apiVersion: v1
kind: Node
metadata: { name: node, labels: { kubernetes.io/hostname: node, topology.kubernetes.io/zone: a } }
status:
  allocatable: &all { cpu: 32, memory: 256Gi, pods: 110 }
  capacity: *all
`
