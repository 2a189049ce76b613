import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { basename, dirname, join, posix } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
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
  expression: ['config', 'codec'],
  counts: ['codec'],
  broker: ['config', 'http', 'retry'],
  input: ['broker'],
  output: ['config', 'counts', 'codec', 'broker'],
  state: ['counts', 'broker'],
  dimension: ['config', 'counts', 'retry', 'codec', 'broker', 'output', 'state'],
  plan: ['config', 'codec', 'expression', 'broker', 'output', 'state'],
  window: ['config', 'counts', 'state'],
  parked: ['state'],
  task: [
    'counts',
    'codec',
    'broker',
    'input',
    'output',
    'dimension',
    'plan',
    'state',
    'window',
    'parked',
  ],
  commit: ['config', 'counts', 'broker', 'plan', 'state', 'task'],
  instance: ['counts', 'retry', 'broker', 'input', 'commit', 'plan', 'state', 'task'],
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
    'output',
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
    'expression',
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
  protobufjs: 'codec',
  '@marcbachmann/cel-js': 'expression',
  fastify: 'watch',
  '@fastify/swagger': 'watch',
  pino: 'watch',
  'pino-pretty': 'watch',
  'prom-client': 'watch',
  yaml: 'config',
  ajv: 'config',
  commander: 'main.ts',
}

const MOST_LINES = 300
const MOST_LINES_OF_FUNCTION = 70

/** Files that are mainly one literal, and may be longer. */
const tables: Readonly<Record<string, string>> = {
  'broker/error-table.ts': 'every error that a broker may answer with',
  'config/schema.ts': 'the JSON Schema of the pipeline file',
  'events.ts': 'every line that the log may have',
  'watch/metrics/metric-table.ts': 'every metric',
}

/** Where the wall clock is read, and for what: never for how long something takes, for it can be set back. */
const wallClock: Readonly<Record<string, readonly string[]>> = {
  'a moment that is shown': [
    'cli/init.ts',
    'counts/counts.ts',
    'counts/epoch-times.ts',
    'counts/last-rejects.ts',
    'instance/feed.ts',
    'watch/log/last-warnings.ts',
    'watch/metrics/otlp.ts',
    'watch/status/group-view.ts',
    'watch/status/history.ts',
    'watch/status/views.ts',
    'watch/verdict/verdict.ts',
  ],
  'the time of a record that is written': [
    'cli/rejects/ledger.ts',
    'commit/epoch-part.ts',
    'output/write-reject.ts',
    'state/stored-layout.ts',
  ],
  'compared with the times of records': [
    'cli/check.ts',
    'cli/rejects/fates.ts',
    'cli/replay.ts',
    'commit/epochs.ts',
    'dimension/all.ts',
    'input/last-lags.ts',
    'service.ts',
    'watch/status/report.ts',
  ],
  'a request is signed with it, and what AWS lends ends at such a moment': [
    'codec/registry/glue/ask.ts',
    'codec/registry/glue/credentials.ts',
  ],
  'compared with a moment that an earlier process has stored': [
    'cli/plan.ts',
    'dimension/checkpoint.ts',
    'dimension/extent.ts',
    'dimension/read-progress.ts',
  ],
}

/** Rooms in which nothing may go on behind an error: what was begun with it has ended by then. */
const SETTLED = ['commit', 'dimension', 'instance', 'state']

/** Where `Promise.all` is right there without that. */
const unsettled: Readonly<Record<string, readonly string[]>> = {
  'asks only': [
    'dimension/extent.ts › extentOf',
    'instance/start-at.ts › commitStart',
    'state/restore.ts › open',
  ],
  'an error ends the process': [
    'dimension/all.ts › openDimensionStores',
    'dimension/all.ts › readDimensions',
    'dimension/dimension.ts › #restart',
    'instance/tasks.ts › take',
  ],
  'none of them fails': ['instance/former-members.ts › ended'],
}

/** Documents that were there once. */
const GONE = ['DESIGN', 'MODELS', 'OPERATIONS', 'REVIEW']

/** What breaks a rule today. An entry that is no longer true fails the test, and goes. */
const known = {
  edges: [],
  libraries: [
    'expression/computed.ts → avsc (type)',
    'expression/program.ts → avsc (type)',
    'expression/write.ts → avsc (type)',
    'plan/layout.ts → avsc (type)',
    'plan/output-plan.ts → avsc (type)',
  ],
  long: [],
  longFunctions: [],
  unsettled: [],
  documents: [],
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

/** A node and all below it. */
function nodesOf(node: ts.Node): ts.Node[] {
  const found = [node]
  ts.forEachChild(node, (child) => void found.push(...nodesOf(child)))
  return found
}

const nodes = [...sources].flatMap(([file, text]) =>
  nodesOf(ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)).map((node) => ({
    file,
    node,
  })),
)

/** `file › function`: the nearest function or method around a node, or itself, that has a name. */
function placeOf(file: string, node: ts.Node): string {
  for (let at = node; ; at = at.parent) {
    if (ts.isSourceFile(at)) return file
    if (!ts.isFunctionLike(at)) continue
    // `const f = () => …` and `{ f: () => … }` have their names outside.
    const { name } = at.name ? at : (at.parent as ts.NamedDeclaration)
    if (name !== undefined) return `${file} › ${name.getText()}`
  }
}

test('a file has 300 lines at most, but for tables of data', () => {
  const long = [...sources]
    .filter(([, text]) => text.split('\n').length - 1 > MOST_LINES)
    .map(([file]) => file)
  assert.deepEqual(long.sort(), [...known.long, ...Object.keys(tables)].sort())
})

test('a function has 70 lines at most', () => {
  const long = nodes.filter(({ node }) => {
    const lines = ts.isFunctionLike(node) ? node.getText().split('\n').length : 0
    return lines > MOST_LINES_OF_FUNCTION
  })
  assert.deepEqual(long.map(({ file, node }) => placeOf(file, node)).sort(), known.longFunctions)
})

/** Where `object.name` is used. */
const usesOf = (object: string, name: string): { file: string; node: ts.Node }[] =>
  nodes.filter(
    ({ node }) =>
      ts.isPropertyAccessExpression(node) &&
      node.name.text === name &&
      node.expression.getText() === object,
  )

test('the wall clock is read for moments, never for durations', () => {
  const found = new Set(usesOf('Date', 'now').map(({ file }) => file))
  assert.deepEqual([...found].sort(), Object.values(wallClock).flat().sort())
})

/** Whether the statement before has waited until all of these promises have ended: `await Promise.allSettled(…)`. */
function isSettled(node: ts.Node): boolean {
  const call = node.parent as ts.CallExpression
  let statement: ts.Node = call
  while (!ts.isBlock(statement.parent)) {
    if (ts.isFunctionLike(statement)) return false
    statement = statement.parent
  }
  const { statements } = statement.parent
  const before = statements[statements.indexOf(statement as ts.Statement) - 1]
  return before?.getText() === `await Promise.allSettled(${call.arguments[0].getText()})`
}

test('an error is told once all has ended that was begun with it', () => {
  const found = usesOf('Promise', 'all')
    .filter(({ file, node }) => SETTLED.includes(folderOf(file)) && !isSettled(node))
    .map(({ file, node }) => placeOf(file, node))
  const right = Object.values(unsettled).flat()
  assert.deepEqual([...new Set(found)].sort(), [...known.unsettled, ...right].sort())
})

test('comments name documents only that are there', () => {
  const isGone = (name: string): boolean =>
    name.endsWith('.md') ? !existsSync(join(root, name)) : GONE.includes(name)
  const found = [...sources].flatMap(([file, text]) => {
    const comments = text.match(/^\s*\/?\*.*|(?<=^|\s)\/\/ .*/gm) ?? []
    const names = comments.join('\n').match(/\b[A-Z]{4,}\b|[\w./-]+\.md\b/g) ?? []
    return names.filter(isGone).map((name) => `${file}: ${name}`)
  })
  assert.deepEqual(found.sort(), known.documents)
})
