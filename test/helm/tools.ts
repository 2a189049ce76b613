/**
 * Programs in Go that checks need, of the chart above all: found on the path, or built into `.tools/bin`. Run with
 * names, it builds what is not there: that takes minutes, more than a test may.
 */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const MODULES = {
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
  helm: 'helm.sh/helm/v3/cmd/helm@v3.22.0',
  'helm-docs': 'github.com/norwoodj/helm-docs/cmd/helm-docs@v1.14.2',
  'kubectl-validate': 'sigs.k8s.io/kubectl-validate@v0.0.4',
  kwok: 'sigs.k8s.io/kwok/cmd/kwok@v0.8.0',
}
const FOLDER = resolve('.tools/bin')

export type Tool = keyof typeof MODULES

/** Of a build, where nothing answers. */
const PATIENCE_MS = 900_000

/** The program's path; undefined where it is not there. */
export function find(name: Tool): string | undefined {
  const built = join(FOLDER, name)
  return existsSync(built) ? built : onPath(name)
}

/** The same, built where it is not there; undefined without Go, or where the build fails. */
export function tool(name: Tool): string | undefined {
  const found = find(name)
  if (found !== undefined || onPath('go') === undefined) return found
  console.log(`Building ${MODULES[name]} …`)
  const env = { ...process.env, GOBIN: FOLDER }
  spawnSync('go', ['install', MODULES[name]], { stdio: 'inherit', env, timeout: PATIENCE_MS })
  return find(name)
}

export function onPath(name: string): string | undefined {
  const folders = (process.env.PATH ?? '').split(':')
  return folders.map((folder) => join(folder, name)).find((file) => existsSync(file))
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of process.argv.slice(2)) tool(name as Tool)
}
