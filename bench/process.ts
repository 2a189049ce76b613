/** Processes under measurement: started, read from /proc, and ended with this one. */
import { type ChildProcess, execFileSync, type StdioOptions, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('..', import.meta.url))
const DOCKERFILE = readFileSync(join(ROOT, 'Dockerfile'), 'utf8')

/** The V8 flags that the service is measured with, those of its image; `--flags "..."` tries others. */
export const SERVICE_FLAGS: readonly string[] = JSON.parse(
  /^ENTRYPOINT (.+)$/m.exec(DOCKERFILE)![1],
).slice(1, -1)

/** What the image sets for malloc and libuv. */
export const SERVICE_ENV: Readonly<Record<string, string>> = Object.fromEntries(
  [...DOCKERFILE.matchAll(/\b((?:MALLOC|UV)_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
)

export const flagsOf = (text: string): string[] => text.split(' ').filter((flag) => flag !== '')

const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK']))
const ends = new Set<() => void>()

process.on('exit', () => {
  // The newest first: a process goes before the folder that it writes to.
  for (const end of [...ends].reverse()) end()
})
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.once(signal, () => process.exit(130))
}

/** Runs `end` when this process ends, however it does. @returns takes it back */
function atExit(end: () => void): () => void {
  ends.add(end)
  return () => ends.delete(end)
}

/** A folder that goes with this process. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-bench-'))
  atExit(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

export interface StartOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly stdio?: StdioOptions
  /** The project's, unless another is given. */
  readonly folder?: string
  /** What ends it when this process ends. */
  readonly signal?: NodeJS.Signals
}

/** Starts a process that ends with this one. */
export function startProcess(
  command: string,
  args: readonly string[],
  {
    env = {},
    stdio = ['ignore', 'pipe', 'pipe'],
    folder: cwd = ROOT,
    signal = 'SIGKILL',
  }: StartOptions = {},
): ChildProcess {
  const child = spawn(command, args, { cwd, env: { ...process.env, ...env }, stdio })
  child.once(
    'close',
    atExit(() => child.kill(signal)),
  )
  return child
}

/** Its exit code; a process that was killed has none. */
export function ended(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode)
  return new Promise((resolve, reject) => {
    child.once('close', resolve)
    child.once('error', reject)
  })
}

/** Standard output of a process run to its end. Throws where it fails, or takes longer than `seconds`. */
export async function outputOf(
  command: string,
  args: readonly string[],
  seconds: number,
  options: Pick<StartOptions, 'folder'> = {},
): Promise<string> {
  const child = startProcess(command, args, options)
  let output = ''
  let errors = ''
  child.stdout!.on('data', (chunk) => {
    output += chunk
  })
  child.stderr!.on('data', (chunk) => {
    errors = (errors + chunk).slice(-4000)
  })
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000)
  const code = await ended(child).finally(() => clearTimeout(timer))
  if (code === 0) return output
  const how = code === null ? `was killed, at the latest after ${seconds} s` : `ended with ${code}`
  throw new Error(`${[command, ...args].join(' ')} ${how}:\n${output}${errors}`)
}

/** User and system time of all its threads so far. NaN where the process is not known (pid 0). */
export function cpuSeconds(pid: number): number {
  if (pid === 0) return Number.NaN
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // The second field is the command's name, which may hold anything.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
}

/** Most memory that the process has had resident. */
export function peakMemory(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) * 1024
}
