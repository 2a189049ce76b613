/** docs/tutorial.md: every command in its order, in one shell, and what it prints. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { blocksOf, shows } from '../support/documents.ts'
import { freePort } from '../support/kafka.ts'

/** `npm test` has done it. */
const INSTALL = 'npm ci && npm run build'
const BROKER = 'npm run broker'
const PORTS = ['9092', '8081', '8080', '8082']
const MARK = '@@@ '
const PATIENCE_MS = 600_000

interface Step {
  readonly commands: string
  readonly shown: readonly string[]
}

/** On ports that are free here. */
function stepsOf(ports: ReadonlyMap<string, string>): Step[] {
  let document = readFileSync('docs/tutorial.md', 'utf8')
  for (const [port, ours] of ports) document = document.replaceAll(port, ours)
  const { blocks } = blocksOf(document)
  return blocks.flatMap(({ language, text: commands }, i) => {
    const next = blocks[i + 1]
    const shown = next?.language === 'text' ? next.text.split('\n') : []
    return language === 'sh' ? [{ commands, shown }] : []
  })
}

/** A broker and a registry, by the tutorial's command. */
async function startBroker(env: NodeJS.ProcessEnv) {
  // The script itself, not npm: a signal is to reach it.
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8'))
  const [command, ...args] = scripts[BROKER.slice('npm run '.length)].split(' ')
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  let printed = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    printed += chunk
  })
  while (!printed.includes('Ctrl-C') && child.exitCode === null) await sleep(100)
  return {
    printed,
    async stop(): Promise<void> {
      child.kill('SIGINT')
      await ended
    },
  }
}

test('the tutorial’s commands print what it shows', async () => {
  const home = mkdtempSync(join(tmpdir(), 'tutorial-'))
  const ports = new Map<string, string>()
  for (const port of PORTS) ports.set(port, String(await freePort()))
  const steps = stepsOf(ports)
  const inShell = steps.filter(({ commands }) => commands !== INSTALL && commands !== BROKER)
  assert.equal(inShell.length, steps.length - 2)
  assert.ok(inShell.length > 15)
  const broker = await startBroker({
    ...process.env,
    KAFKA_PORT: ports.get('9092'),
    REGISTRY_PORT: ports.get('8081'),
  })
  const marked = inShell.map(({ commands }, i) => `echo; echo '${MARK}${i}'\n${commands}\n`)
  const script = `exec 2>&1; shopt -s expand_aliases\n${marked.join('')}`
  // A process group of its own: what a failed step leaves running ends with it.
  const shell = spawn('bash', ['-c', script], {
    env: { ...process.env, HOME: home },
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  const endShell = (): void => {
    try {
      process.kill(-shell.pid!, 'SIGKILL')
    } catch {
      // All have ended.
    }
  }
  const patience = setTimeout(endShell, PATIENCE_MS)
  try {
    const output = await text(shell.stdout)
    const printed = output.split(new RegExp(`^${MARK}\\d+\n`, 'm')).slice(1)
    const { shown } = steps.find(({ commands }) => commands === BROKER)!
    assert.ok(shows(broker.printed, shown), broker.printed)
    for (const [i, step] of inShell.entries()) {
      assert.ok(shows(printed[i] ?? '', step.shown), `${step.commands}\nprints\n${printed[i]}`)
    }
  } finally {
    clearTimeout(patience)
    endShell()
    await broker.stop()
    rmSync(home, { recursive: true, force: true })
  }
})
