/** The command line as a shell sees it: exit codes, what goes where, completion. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { checkedOut } from '../src/version.ts'

const FILE = 'examples/orders/pipeline.yaml'
const COMMAND = [process.execPath, '--import', 'tsx', 'src/main.ts']

function run(...args: string[]): { code: number | null; out: string; err: string } {
  const [node, ...rest] = COMMAND
  const { status, stdout, stderr } = spawnSync(node, [...rest, ...args], { encoding: 'utf8' })
  return { code: status, out: stdout, err: stderr }
}

test('wrong usage ends with 2 and says on standard error what is there', () => {
  const nothing = run()
  assert.equal(nothing.code, 2)
  assert.match(nothing.err, /Commands:\n.*validate <file>/s)
  const misspelt = run('valdate', FILE)
  assert.equal(misspelt.code, 2)
  assert.match(misspelt.err, /unknown command 'valdate'\n\(Did you mean validate\?\)/)
  assert.equal(run('validate').code, 2)
  assert.equal(run('reset', FILE, '--force').code, 2)
  assert.equal(run('rejects', FILE, '--limit', '0').code, 2)
  const init = run('init', '--brokers', 'a:1,localhost', '--facts', 'a', '--join', 'b')
  assert.equal(init.code, 2)
  assert.match(init.err, /It has to be host:port/)
})

test('a day that no month has is no time', () => {
  for (const day of ['2025-02-30', '2025-02-30T10:00:00+02:00', '2025-13-01']) {
    const { code, err } = run('replay', FILE, '--output', 'again', '--from', day)
    assert.equal(code, 2)
    assert.match(err, /It has to be a date/)
  }
})

test('version is the package’s, and beside it the commit of the image, or of the checkout', () => {
  const { version } = JSON.parse(readFileSync('package.json', 'utf8'))
  const said = (env: NodeJS.ProcessEnv): string =>
    execFileSync(COMMAND[0], [...COMMAND.slice(1), 'version'], { encoding: 'utf8', env })
  const option = execFileSync(COMMAND[0], [...COMMAND.slice(1), '--version'], { encoding: 'utf8' })
  assert.equal(option, said(process.env))
  const { REVISION: _, ...env } = process.env
  const git = spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' })
  const commit = git.status === 0 ? ` ${git.stdout.slice(0, 7)}` : ''
  assert.equal(said(env), `${version}${commit}\n`)
  assert.equal(said({ ...env, REVISION: '' }), `${version}\n`)
  assert.equal(said({ ...env, REVISION: 'abc1234' }), `${version} abc1234\n`)
})

test('help of a command is what its --help says', () => {
  const { code, out } = run('help', 'init')
  assert.equal(code, 0)
  assert.equal(out, run('init', '--help').out)
  assert.match(run('help').out, /^Usage: stream-enricher/)
})

test('a commit is read from the checkout’s files: a branch, one that is packed, and none', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-git-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const commit = '0123456789abcdef0123456789abcdef01234567'
  assert.equal(checkedOut(folder), '')
  writeFileSync(join(folder, 'HEAD'), `${commit}\n`)
  assert.equal(checkedOut(folder), '0123456')
  writeFileSync(join(folder, 'HEAD'), 'ref: refs/heads/main\n')
  assert.equal(checkedOut(folder), '')
  writeFileSync(join(folder, 'packed-refs'), `# pack-refs\n${commit} refs/heads/main\n`)
  assert.equal(checkedOut(folder), '0123456')
  mkdirSync(join(folder, 'refs', 'heads'), { recursive: true })
  writeFileSync(join(folder, 'refs', 'heads', 'main'), `fedcba9${commit.slice(7)}\n`)
  assert.equal(checkedOut(folder), 'fedcba9')
})

test('help ends with 0 and goes to standard output', () => {
  const { code, out } = run('rejects', 'show', '--help')
  assert.equal(code, 0)
  assert.match(out, /--from-beginning/)
})

test('a check ends where neither a broker nor the registry answers, and says both', (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-check-'))
  t.after(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'pipeline.yaml')
  writeFileSync(
    file,
    `name: x
kafka: { brokers: "127.0.0.1:1" }
registry: { url: "http://127.0.0.1:1" }
facts: { topic: orders }
join: { topic: payments, on: order_id, within: 60s }
output: { topic: o }
`,
  )
  const options = { encoding: 'utf8', timeout: 30_000 } as const
  const { status, stdout } = spawnSync(COMMAND[0], [...COMMAND.slice(1), 'check', file], options)
  assert.equal(status, 1, stdout)
  assert.match(stdout, /No Kafka broker answers at 127\.0\.0\.1:1/)
  assert.match(stdout, /The schema registry http:\/\/127\.0\.0\.1:1 does not answer/)
})

test('a wrong pipeline file ends with 78, all faults at once', () => {
  const { code, err } = run('validate', 'package.json')
  assert.equal(code, 78)
  assert.match(err, /package\.json:3: version: unknown key/)
  assert.ok(err.trim().split('\n').length > 5, err)
  assert.equal(run('check', 'nowhere.yaml').code, 78)
})

test('validate shows what flows where, without colours in a pipe', () => {
  const { code, out } = run('validate', FILE)
  assert.equal(code, 0)
  assert.match(out, /pipeline\.yaml is valid/)
  assert.match(out, /⋈ demo\.payments, keyed by order_id, within 1m, grace 10s, inner: method/)
  assert.match(out, /customer_name +null or string +demo\.customers\.name/)
  assert.ok(!out.includes('\u001b'))
})

test('a reader that wants no more ends a command quietly', () => {
  const command = `${COMMAND.map((word) => `'${word}'`).join(' ')} schema | head -1`
  const { stdout, stderr } = spawnSync('sh', ['-c', command], { encoding: 'utf8' })
  assert.equal(stdout, '{\n')
  assert.equal(stderr, '')
})

test('bash completes commands, their commands, options and files', () => {
  const script = run('completion', 'bash').out
  const complete = (...words: string[]): string[] => {
    const list = ['stream-enricher', ...words].map((word) => `'${word}'`).join(' ')
    const ask = `COMP_WORDS=(${list}); COMP_CWORD=${words.length}; _stream_enricher; printf '%s\\n' "\${COMPREPLY[@]}"`
    const out = execFileSync('bash', ['-c', `${script}\n${ask}`], { encoding: 'utf8' })
    return out.split('\n').filter((word) => word !== '')
  }
  assert.deepEqual(complete('val'), ['validate'])
  assert.deepEqual(complete('topics', 'c'), ['create'])
  assert.deepEqual(complete('topics', 'create', '--d'), ['--dry-run'])
  assert.deepEqual(complete('check', 'pipeline.s'), ['pipeline.schema.json'])
  assert.deepEqual(complete('reset', FILE, '--y'), ['--yes'])
})

test('every shell has a completion script with every command', () => {
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { code, out } = run('completion', shell)
    assert.equal(code, 0)
    for (const word of ['run', 'validate', 'topics', 'create', 'effective']) {
      assert.ok(out.includes(word), `${shell}: ${word}`)
    }
  }
})

test('validate says that facts come out at once where nothing is joined, and speaks of no window', () => {
  const { code, out } = run('validate', 'examples/enrich/pipeline.yaml')
  assert.equal(code, 0)
  assert.match(out, /^order-completion: demo\.orders, event time is ordered_at$/m)
  assert.match(out, /→ demo\.completed: 13 fields, .* as soon as a fact has its rows/)
  assert.doesNotMatch(out, /window|changelog|⋈/i)
})
