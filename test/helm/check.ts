/**
 * The chart against the real tools of its platform: `npm run helm`. They are built by Go where they are
 * missing, which takes minutes; so this is not part of `npm test`, which looks at the same renderings.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { after, test } from 'node:test'
import { CHART, completeChart, features, ownKinds } from './chart.ts'
import { type Tool, tool } from './tools.ts'

/** The oldest that Chart.yaml allows, and the newest that the tool has. */
const KUBERNETES = ['1.27', '1.30']
const folder = mkdtempSync(join(tmpdir(), 'helm-check-'))
after(() => rmSync(folder, { recursive: true }))

function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; input?: string } = {},
) {
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    encoding: 'utf8',
    ...options,
  })
  assert.equal(error, undefined)
  assert.equal(status, 0, `${stdout}\n${stderr}`)
  return stdout
}

function needed(name: Tool): string {
  const path = tool(name)
  assert.ok(
    path !== undefined,
    `${name} is not on the path, and there is no Go to build it, or the build has failed`,
  )
  return path
}

function rendered(feature: string): string {
  const file = join(folder, feature)
  writeFileSync(file, ownKinds(feature))
  return file
}

test('helm lint finds nothing', () => {
  for (const feature of features) {
    const values = join(CHART, 'ci', feature)
    run(needed('helm'), [
      'lint',
      '--strict',
      '--kube-version',
      '1.30',
      completeChart(),
      '-f',
      values,
    ])
  }
})

for (const version of KUBERNETES) {
  test(`Kubernetes ${version} knows every field`, () => {
    run(needed('kubectl-validate'), ['--version', version, ...features.map(rendered)])
  })
}

test('a field that Kubernetes does not know is found', () => {
  const text = ownKinds('default-values.yaml')
  const file = join(folder, 'wrong.yaml')
  writeFileSync(file, text.replace('serviceName:', 'servicename:'))
  assert.throws(() => run(needed('kubectl-validate'), ['--version', '1.30', file]), /unknown field/)
})

test('every pod is allowed by Pod Security restricted', () => {
  const program = join(folder, 'pod-security')
  run('go', ['build', '-o', program, '.'], { cwd: resolve('test/helm/pod-security') })
  for (const feature of features) run(program, [], { input: ownKinds(feature) })
  const text = ownKinds('default-values.yaml')
  const input = text.replace('runAsNonRoot: true', 'runAsNonRoot: false')
  assert.throws(() => run(program, [], { input }), /runAsNonRoot/)
})

test('the README is what helm-docs makes', () => {
  const chart = join(folder, 'chart')
  cpSync(CHART, chart, { recursive: true })
  run(needed('helm-docs'), ['--chart-search-root', chart])
  const readme = (path: string): string => readFileSync(join(path, 'README.md'), 'utf8')
  assert.equal(readme(CHART), readme(chart), 'run .tools/bin/helm-docs')
})
