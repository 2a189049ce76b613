/** Files that other programs read, by the linters of their kind. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { test } from 'node:test'
import { needs, pathOf } from './support/needs.ts'

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
