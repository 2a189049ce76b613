/** The documentation is true: its links lead somewhere, its tables are the code's, its commands print what it says. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { parsePipeline } from '../src/config/load.ts'
import { createApp } from '../src/watch/http/http.ts'
import { COMMANDS_FILE, COMMANDS_HEAD, commands, commandsText } from './cli/commands-document.ts'
import { HEAD, KEYS_FILE, keysTable } from './config/keys-table.ts'
import { ERRORS_FILE, errorsDocument } from './monitoring/errors-document.ts'
import { aclTable } from './support/acls.ts'
import { blocksOf, commandsOf, shows } from './support/documents.ts'
import { parts } from './watch/parts.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const read = (file: string): string => readFileSync(join(root, file), 'utf8')
const PAGES = readdirSync(join(root, 'docs'))
  .filter((name) => name.endsWith('.md'))
  .map((name) => `docs/${name}`)
const DOCUMENTS = [
  'README.md',
  'CONTRIBUTING.md',
  'SECURITY.md',
  'CHANGELOG.md',
  ...PAGES,
  'helm/stream-enricher/README.md',
  'helm/stream-enricher/files/RUNBOOK.md',
  'src/watch/METRICS.md',
  'src/watch/EVENTS.md',
  'examples/compose/README.md',
  'findings/README.md',
  'bench/RESULTS.md',
]

test('the README is one that is read: 120 lines at most', () => {
  assert.ok(read('README.md').split('\n').length <= 121)
})

test('docs/pipeline-file.md lists every key of the pipeline file, as the definition has it', () => {
  const isThere = read(KEYS_FILE).includes(`${HEAD}${keysTable()}\n`)
  assert.ok(isThere, 'The table is another one: npm run monitoring')
})

test('docs/commands.md has every command, with its options as --help has them', async () => {
  const text = read(COMMANDS_FILE)
  const isThere = text.endsWith(`\n${COMMANDS_HEAD}${await commandsText()}\n`)
  assert.ok(isThere, 'The commands are others: npm run monitoring')
  const missing = (await commands())
    .map(({ name }) => name)
    .filter((name) => !text.includes(`\n| \`${name}`))
  assert.deepEqual(missing, [])
})

test('docs/errors.md has every error code', () => {
  assert.equal(read(ERRORS_FILE), errorsDocument(), 'npm run monitoring')
})

test('docs/rejects.md has every reason of a reject, and no other', () => {
  const [, union] = /export type RejectReason =((?:\s+\| '\w+')+)/.exec(read('src/batch.ts'))!
  const reasons = [...union.matchAll(/'(\w+)'/g)].map(([, reason]) => reason)
  const rows = [...read('docs/rejects.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)
  assert.deepEqual(rows, reasons)
})

test('docs/security.md lists the rights that the end-to-end test has', () => {
  assert.ok(read('docs/security.md').includes(`\n\n${aclTable()}\n`), aclTable())
})

test('docs/monitoring.md names every path of the HTTP API', async () => {
  const app = await createApp(parts({ token: 'any' }))
  const { paths } = (await app.inject('/openapi.json')).json()
  const text = read('docs/monitoring.md')
  assert.deepEqual(
    Object.keys(paths).filter((path) => !text.includes(path)),
    [],
  )
})

test('the source map has a line for every folder and file directly under src', () => {
  const text = read('docs/architecture.md')
  const names = readdirSync(join(root, 'src'))
  assert.deepEqual(
    names.filter((name) => !text.includes(`src/${name}`)),
    [],
  )
})

test('the table of contents has every page', () => {
  const contents = read('docs/README.md')
  const names = PAGES.map((page) => page.slice('docs/'.length)).filter(
    (name) => name !== 'README.md',
  )
  assert.deepEqual(
    names.filter((name) => !contents.includes(`](${name})`)),
    [],
  )
})

/** As GitHub makes it. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, '')
    .replaceAll(' ', '-')

function anchorsOf(file: string): Set<string> {
  const anchors = new Set<string>()
  const text = blocksOf(read(file)).prose
  for (const [, heading] of text.matchAll(/^#+ (.*)$/gm)) {
    const anchor = anchorOf(heading)
    let n = 0
    while (anchors.has(n === 0 ? anchor : `${anchor}-${n}`)) n++
    anchors.add(n === 0 ? anchor : `${anchor}-${n}`)
  }
  return anchors
}

test('every link leads to a file that is there, and to a heading in it', () => {
  const wrong: string[] = []
  for (const file of DOCUMENTS) {
    const { prose } = blocksOf(read(file))
    for (const [, link] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^https?:/.test(link)) continue
      const [path, anchor] = link.split('#')
      const target = path === '' ? file : normalize(join(dirname(file), path))
      const isThere = existsSync(join(root, target))
      if (!isThere || (anchor !== undefined && !anchorsOf(target).has(anchor))) {
        wrong.push(`${file}: ${link}`)
      }
    }
  }
  assert.deepEqual(wrong, [])
})

test('docs/exactly-once.md names tests that are there', () => {
  const page = 'docs/exactly-once.md'
  /** As they are written; what is put in may be anything. */
  const namesIn = (file: string): RegExp[] =>
    [...read(file).matchAll(/\btest\(\s*(['`])(.+?)\1,/g)].map(([, , name]) => {
      const pieces = name.split(/\$\{[^}]*\}/).map((piece) => piece.replace(/[^\w ]/g, '\\$&'))
      return new RegExp(`^${pieces.join('.+')}$`)
    })
  const links = [...blocksOf(read(page)).prose.matchAll(/\[([^\]]+)\]\((\S+\.test\.ts)\)/g)]
  const unknown = links.filter(
    ([, name, file]) => !namesIn(join(dirname(page), file)).some((known) => known.test(name)),
  )
  assert.deepEqual(
    unknown.map(([link]) => link),
    [],
  )
  assert.ok(links.length > 40, `${links.length}`)
})

test('each numbered step of docs/exactly-once.md names a test that plays it', () => {
  const text = read('docs/exactly-once.md')
  const steps = text.split(/^## /m).flatMap((section) => {
    const [head, ...parts] = section.split(/^(?=\d+\. )/m)
    return parts.map((part) => ({ step: `${head.split('\n', 1)} ${parseInt(part, 10)}`, part }))
  })
  const unplayed = steps.filter(({ part }) => !/\]\(\S+\.test\.ts\)/.test(part))
  assert.deepEqual(
    unplayed.map(({ step }) => step),
    [],
  )
  assert.ok(steps.length >= 30, `${steps.length}`)
})

test('every npm command is a script of the package', () => {
  const { scripts } = JSON.parse(read('package.json'))
  const unknown = DOCUMENTS.flatMap((file) =>
    [...read(file).matchAll(/\bnpm run (?:--silent )?([\w:-]+)/g)]
      .filter(([, name]) => scripts[name] === undefined)
      .map(([all]) => `${file}: ${all}`),
  )
  assert.deepEqual(unknown, [])
})

/** What stands behind the service's name, on a line of its own or within a sentence. */
const CALL =
  /(?:^|[|;&] |`)(?:[A-Z_]+=\S+ )*(?:npx \S+ \S+ )?(?:(?:node )?dist\/main\.js|stream-enricher) ([a-z][^`\n|;#]*)/gm

test('every command of the service is one, with options that it has', async () => {
  const known = new Map((await commands()).map(({ name, options }) => [name, options]))
  const wrong: string[] = []
  let count = 0
  for (const file of DOCUMENTS) {
    for (const [, words] of read(file).replaceAll('\\\n', ' ').matchAll(CALL)) {
      const [first, second] = words.trim().split(/\s+/)
      const options = known.get(first) ?? known.get(`${first} ${second}`)
      const used = words.match(/(?<=\s)--[a-z-]+/g) ?? []
      if (options === undefined || used.some((option) => !options.includes(option))) {
        wrong.push(`${file}: ${words}`)
      }
      count++
    }
  }
  assert.deepEqual(wrong, [])
  assert.ok(count > 30, `${count}`)
})

test('every pipeline file that is shown whole is one', () => {
  const env = { SCHEMA_REGISTRY_URL: 'http://registry:8081' }
  let count = 0
  for (const file of DOCUMENTS) {
    for (const { language, text } of blocksOf(read(file)).blocks) {
      if (language !== 'yaml' || !/^name: /m.test(text) || !/^facts:/m.test(text)) continue
      parsePipeline(text, join(root, file), env)
      count++
    }
  }
  assert.ok(count >= 2)
})

test('what is shown is compared: in order, a gap is any text', () => {
  const printed = 'a  1\nb 2 and more\nc 3\n'
  assert.ok(shows(printed, ['a 1', '…', 'c 3']))
  assert.ok(shows(printed, ['b 2…', 'c 3']))
  for (const shown of [['a'], ['c 3', 'a 1'], ['b 2'], ['a 1', 'a 1'], ['d']]) {
    assert.ok(!shows(printed, shown), `${shown}`)
  }
})

/** These need nothing but a checkout. */
const ALONE =
  /^stream-enricher (validate|test|output-schema|config print|schema|version|completion)\b/

test('commands that need no broker print what is shown', () => {
  const shown = DOCUMENTS.filter((file) => file !== 'docs/tutorial.md')
    .flatMap((file) => commandsOf(read(file)).map((command) => ({ file, ...command })))
    .filter(({ command }) => ALONE.test(command))
  assert.ok(shown.length >= 5, `${shown.length}`)
  for (const { file, command, output } of shown) {
    const inShell = `exec 2>&1\nstream-enricher() { '${process.execPath}' --import tsx src/main.ts "$@"; }\n${command}`
    const { stdout } = spawnSync('bash', ['-c', inShell], { cwd: root, encoding: 'utf8' })
    assert.ok(shows(stdout, output), `${file}: ${command} prints\n${stdout}`)
  }
})
