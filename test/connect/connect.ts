/** A real Kafka Connect worker on this machine, with the plugins and the settings of the demo's image. */
import { execFileSync, spawn } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { ServiceProcess } from '../e2e/orders.ts'
import { freePort } from '../support/kafka.ts'

const path = (name: string): string => fileURLToPath(new URL(`../../${name}`, import.meta.url))
const FOLDER = path('.kafka/connect')
export const LIBS = join(FOLDER, 'libs')
const PLUGINS = join(FOLDER, 'plugins')
/** The server that stores.ts runs. */
export const OPENSEARCH = join(FOLDER, 'opensearch-2.19.6')
const IMAGE = path('examples/compose/connect')
const LIBS_POM = path('test/connect/pom.xml')
const SOURCE = /^ADD (https:\S+)#([0-9a-f]{40}) (\S+)$/gm

export interface RunningConnect {
  readonly url: string
  /** Plugins that are there, by folder. */
  readonly plugins: readonly string[]
  /** What the real connector class says to a configuration: for each setting that it refuses, why. */
  validate(config: Record<string, string>): Promise<string[]>
  stop(): Promise<void>
}

const maven = (pom: string, ...goal: string[]): void => {
  execFileSync('mvn', ['-q', '-C', '-f', pom, ...goal], { stdio: ['ignore', 'inherit', 'inherit'] })
}

/** What this needs from Maven and from source, once. */
export function fetchConnect(): void {
  const done = join(FOLDER, '.complete')
  const poms = [LIBS_POM, ...readdirSync(IMAGE).map((file) => join(IMAGE, file))]
  const wanted = poms
    .filter((file) => /(xml|Dockerfile)$/.test(file))
    .map((file) => readFileSync(file, 'utf8'))
    .join('')
  if (existsSync(done) && readFileSync(done, 'utf8') === wanted) return
  rmSync(FOLDER, { recursive: true, force: true })
  mkdirSync(FOLDER, { recursive: true })
  const libs = ['-DincludeScope=runtime', `-DoutputDirectory=${LIBS}`]
  maven(LIBS_POM, 'dependency:copy-dependencies', ...libs)
  maven(LIBS_POM, 'package', `-Dfolder=${FOLDER}`)
  maven(join(IMAGE, 'pom.xml'), 'package', `-Dfolder=${FOLDER}`)
  const sources = readFileSync(join(IMAGE, 'Dockerfile'), 'utf8').matchAll(SOURCE)
  for (const [, url, commit, name] of sources) buildPlugin(name, url, commit)
  execFileSync('sha256sum', ['--check', '--quiet', '--ignore-missing', join(IMAGE, 'SHA256SUMS')], {
    cwd: PLUGINS,
  })
  writeFileSync(done, wanted)
}

/** A plugin of which only the source is published; without a way to it the plugin is not there. */
function buildPlugin(name: string, url: string, commit: string): void {
  const source = join(FOLDER, 'source', name)
  const git = (...args: string[]) =>
    execFileSync('git', ['-C', source, ...args], { stdio: 'ignore', timeout: 60_000 })
  mkdirSync(source, { recursive: true })
  try {
    git('init')
    git('fetch', '--depth', '1', url, commit)
  } catch {
    return
  }
  git('checkout', 'FETCH_HEAD')
  maven(join(IMAGE, `${name}.xml`), 'package', `-Dsource=${source}`, `-Dfolder=${FOLDER}`)
}

/** After fetchConnect. @param env what connectors and worker.properties take from the environment */
export async function startConnect(env: Record<string, string>): Promise<RunningConnect> {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-connect-'))
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const file = join(folder, 'worker.properties')
  const here = `plugin.path=${PLUGINS}\nlisteners=${url}\n`
  writeFileSync(file, `${readFileSync(join(IMAGE, 'worker.properties'), 'utf8')}${here}`)
  const main = 'org.apache.kafka.connect.cli.ConnectDistributed'
  const worker = new ServiceProcess(
    spawn('java', ['-Xmx1g', '-cp', `${LIBS}/*`, main, file], {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    }),
  )
  const kill = (): void => {
    worker.child.kill('SIGKILL')
  }
  process.once('exit', kill)
  for (let tries = 0; ; tries++) {
    if (!worker.alive || tries > 1200) throw new Error(`Connect does not answer:\n${worker.log}`)
    const answer = await fetch(`${url}/connectors`).catch(() => undefined)
    if (answer?.ok) break
    await sleep(500)
  }
  return {
    url,
    plugins: readdirSync(PLUGINS),
    async validate(config) {
      const type = config['connector.class']
      const response = await fetch(`${url}/connector-plugins/${type}/config/validate`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ name: 'any', ...config }),
      })
      if (!response.ok) throw new Error(await response.text())
      const { configs } = (await response.json()) as {
        configs: { value: { name: string; errors: string[] } }[]
      }
      return configs.flatMap(({ value }) => value.errors.map((error) => `${value.name}: ${error}`))
    },
    async stop() {
      process.removeListener('exit', kill)
      await worker.kill()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
