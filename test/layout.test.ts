import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { ERRORS } from '../src/errors.ts'

const root = fileURLToPath(new URL('..', import.meta.url))

/**
 * Which rooms (folders, or files beside them) may import which, also types only. A room comes after all that it
 * imports, so that there is no cycle.
 */
const LEAVES = ['batch.ts', 'bytes.ts', 'checksum.ts', 'errors.ts', 'events.ts', 'version.ts']
const edges: Readonly<Record<string, readonly string[]>> = {
  config: [],
  http: ['config'],
  retry: [],
  codec: ['config', 'http', 'retry'],
  counts: ['codec'],
  broker: ['config', 'http', 'retry'],
  input: ['broker'],
  output: ['config', 'counts', 'broker'],
  state: ['config', 'counts', 'broker'],
  dimension: ['config', 'counts', 'retry', 'codec', 'broker', 'output', 'state'],
  plan: ['config', 'codec', 'broker', 'state'],
  window: ['config', 'counts', 'state'],
  task: [
    'config',
    'counts',
    'codec',
    'broker',
    'input',
    'output',
    'dimension',
    'plan',
    'state',
    'window',
  ],
  commit: ['config', 'counts', 'broker', 'plan', 'state', 'task'],
  instance: ['config', 'counts', 'broker', 'input', 'commit', 'state', 'task'],
  watch: [
    'config',
    'http',
    'counts',
    'codec',
    'broker',
    'input',
    'dimension',
    'plan',
    'task',
    'instance',
  ],
  'service.ts': [
    'config',
    'counts',
    'codec',
    'broker',
    'input',
    'dimension',
    'plan',
    'state',
    'task',
    'commit',
    'instance',
    'watch',
  ],
  cli: [
    'config',
    'counts',
    'codec',
    'broker',
    'input',
    'output',
    'dimension',
    'plan',
    'state',
    'task',
    'window',
    'commit',
    'watch',
    'service.ts',
  ],
  'main.ts': ['config', 'cli'],
}

/** Where each library may be imported: a folder of src/, or one file. */
const homes: Readonly<Record<string, string>> = {
  kafkajs: 'broker',
  '@node-rs/crc32': 'checksum.ts',
  snappy: 'broker',
  'lz4-napi': 'broker',
  '@mongodb-js/zstd': 'broker',
  level: 'state',
  avsc: 'codec',
  fastify: 'watch',
  '@fastify/swagger': 'watch',
  pino: 'watch',
  'pino-pretty': 'watch',
  'prom-client': 'watch',
  yaml: 'config',
  ajv: 'config',
  commander: 'main.ts',
}

/** What breaks a rule today. An entry that is no longer true fails the test, and goes. */
const known = {
  edges: ['state/restore.ts → task/task.ts (type)'],
  libraries: ['plan/layout.ts → avsc (type)', 'plan/output-plan.ts → avsc (type)'],
}

interface Import {
  readonly from: string
  /** A path below src/, or a library's name. */
  readonly to: string
  readonly isRelative: boolean
  readonly isType: boolean
}

const files = readdirSync(join(root, 'src'), { recursive: true })
  .map((file) => String(file).replaceAll('\\', '/'))
  .filter((file) => file.endsWith('.ts'))
const sources = new Map(files.map((file) => [file, readFileSync(join(root, 'src', file), 'utf8')]))

const STATEMENT = /^(?:import|export)\s(?:[^'"`;]*?\sfrom\s+)?'([^']+)'/gm
const CALL = /(typeof\s+)?\b(?:import|require)\(\s*'([^']+)'/g

function importsOf(from: string, text: string): Import[] {
  const found = (specifier: string, isType: boolean): Import => {
    const isRelative = specifier.startsWith('.')
    const parts = specifier.split('/')
    const library = parts.slice(0, specifier.startsWith('@') ? 2 : 1).join('/')
    const to = isRelative ? posix.join(dirname(from), specifier) : library
    return { from, to, isRelative, isType }
  }
  return [
    ...[...text.matchAll(STATEMENT)].map(([all, specifier]) =>
      found(specifier, onlyTypes(all.slice(0, all.lastIndexOf("'", all.length - 2)))),
    ),
    ...[...text.matchAll(CALL)].map(([, type, specifier]) => found(specifier, type !== undefined)),
  ]
}

function onlyTypes(clause: string): boolean {
  if (/^(?:import|export)\s+type\s/.test(clause)) return true
  const named = /^(?:import|export)\s*\{([^}]*)\}/.exec(clause)
  const names = named?.[1].split(',').map((name) => name.trim()) ?? ['']
  return names.every((name, i) => name.startsWith('type ') || (name === '' && i > 0))
}

const imports = [...sources].flatMap(([file, text]) => importsOf(file, text))
const folderOf = (file: string): string => file.split('/')[0]
const written = ({ from, to, isType }: Import): string =>
  `${from} → ${to}${isType ? ' (type)' : ''}`

test('import lines of every form are read', () => {
  const text = [
    "import './side-effect.ts'",
    "import whole, { named } from 'one'",
    "import { type A, type B } from '../two.ts'",
    "import { type A, b } from '@scope/three/deep'",
    "import type { A } from 'four'",
    "import {\n  type A,\n  b,\n} from './five.ts'",
    "export * from './six.ts'",
    "const x = require('seven/deep') as typeof import('eight')",
    "await import('./nine.ts')",
  ].join('\n')
  assert.deepEqual(importsOf('window/file.ts', text).map(written), [
    'window/file.ts → window/side-effect.ts',
    'window/file.ts → one',
    'window/file.ts → two.ts (type)',
    'window/file.ts → @scope/three',
    'window/file.ts → four (type)',
    'window/file.ts → window/five.ts',
    'window/file.ts → window/six.ts',
    'window/file.ts → seven',
    'window/file.ts → eight (type)',
    'window/file.ts → window/nine.ts',
  ])
})

test('every relative import names a file of src', () => {
  const missing = imports.filter(({ to, isRelative }) => isRelative && !sources.has(to))
  assert.deepEqual(missing.map(written), [])
})

test('a room imports only rooms before it, and those that the table allows', () => {
  const before = new Set(LEAVES)
  for (const [room, allowed] of Object.entries(edges)) {
    assert.deepEqual(
      allowed.filter((other) => !before.has(other)),
      [],
      `${room} comes after all that it imports`,
    )
    before.add(room)
  }
  const odd = imports.filter(({ from, to, isRelative }) => {
    const [room, other] = [folderOf(from), folderOf(to)]
    if (!isRelative || room === other) return false
    if (LEAVES.includes(other)) return false
    return !edges[room]?.includes(other)
  })
  assert.deepEqual(odd.map(written).sort(), known.edges)
})

test('every edge of the table is there', () => {
  const there = new Set(imports.map(({ from, to }) => `${folderOf(from)} → ${folderOf(to)}`))
  const unused = Object.entries(edges).flatMap(([room, allowed]) =>
    allowed.map((other) => `${room} → ${other}`).filter((edge) => !there.has(edge)),
  )
  assert.deepEqual(unused, [])
})

test('at most eight files lie beside the rooms', () => {
  const loose = files.filter((file) => !file.includes('/'))
  assert.ok(loose.length <= 8, loose.join(', '))
})

test('a library is imported in its home only', () => {
  const elsewhere = imports.filter(
    ({ from, to, isRelative }) =>
      !isRelative && !to.startsWith('node:') && homes[to] !== folderOf(from),
  )
  assert.deepEqual(elsewhere.map(written).sort(), known.libraries)
})

test('every dependency has a home, and is used there', () => {
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>
  }
  assert.deepEqual(Object.keys(homes).sort(), Object.keys(dependencies).sort())
  for (const library of Object.keys(homes)) {
    assert.ok(
      imports.some(({ to }) => to === library),
      `${library} is imported`,
    )
  }
})

test('no folder is called utils and no file is a barrel', () => {
  const odd = files.filter(
    (file) =>
      /(^|\/)(utils?|helpers?|common|misc)(\/|\.ts$)/.test(file) || basename(file) === 'index.ts',
  )
  assert.deepEqual(odd, [])
})

test('every error code is raised somewhere', () => {
  const codes = Object.keys(ERRORS)
  const others = [...sources].filter(([file]) => file !== 'errors.ts').map(([, text]) => text)
  const unused = codes.filter((code) => !others.some((text) => text.includes(`'${code}'`)))
  assert.deepEqual(unused, [])
})
