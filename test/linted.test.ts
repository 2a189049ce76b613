/** Files that other programs read, by the linters of their kind. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { needs, pathOf } from './support/needs.ts'

const WORKFLOWS = readdirSync('.github/workflows').map((name) => `.github/workflows/${name}`)
const DOCKERFILES = ['Dockerfile', 'examples/compose/connect/Dockerfile']

function content(command: string, ...args: string[]): void {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8' })
  assert.equal(error, undefined)
  assert.equal(status, 0, stdout + stderr)
}

test('yamllint is content with every YAML file', needs('yamllint'), () =>
  content(pathOf('yamllint'), '--strict', '.'),
)

test('hadolint is content with the Dockerfiles', needs('hadolint'), () =>
  content(pathOf('hadolint'), ...DOCKERFILES),
)

test('actionlint is content with the workflows', needs('actionlint'), () =>
  content(pathOf('actionlint'), ...WORKFLOWS),
)

test('every action that workflows use is a commit, with its version beside it', () => {
  const used = WORKFLOWS.flatMap((file) => [
    ...readFileSync(file, 'utf8').matchAll(/\buses: (?!\.\/)(.*)$/gm),
  ])
  assert.ok(used.length > 0)
  for (const [, action] of used) assert.match(action, /^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})
