/** Runs the benches, each in a process of its own, with one broker for all that need one. */
import { type BenchKafka, withKafka } from './kafka.ts'
import { joinFlags } from './options.ts'
import { ended, flagsOf, SERVICE_FLAGS, startProcess } from './process.ts'

/** In the order in which all are run. */
const BENCHES = {
  pipeline: 'catch-up over full topics: facts per CPU-second, facts/s, memory',
  enrich: 'catch-up without a join: beside the same facts joined, and Kafka Streams',
  shapes: 'each shape of pipeline beside the same without it, and beside Kafka Streams',
  values: 'catch-up with another schema, keys and values of other lengths',
  latency: 'paced input: latency to a read_committed reader, CPU',
  restore: 'window store: restored from the changelog, and warm restart',
  rolling: 'rolling update of 3 instances under load: the pause of each partition',
  dimension: 'dimension of a million rows: bootstrap cold and warm, memory per row',
  codec: 'record batches, Avro values, dimension rows: ns per record',
  index: 'window index and hot keys: ns per record and per output',
  'page-store': 'window pages in LevelDB: ns per record written, read, restored',
  scale: '64 partitions against 4, a window of 10,000,000 records against 1,000,000',
  'by-turns': 'the tasks of two versions in one process: facts per CPU-second',
} as const

type Name = keyof typeof BENCHES

const NEEDS_KAFKA: readonly Name[] = [
  'pipeline',
  'enrich',
  'shapes',
  'values',
  'latency',
  'restore',
  'rolling',
  'dimension',
]
const FLAGS = '--flags='
const USAGE = `npm run bench -- [NAME...] [options]

${Object.entries(BENCHES)
  .map(([name, about]) => `  ${name.padEnd(12)}${about}`)
  .join('\n')}

Without a name all are run, which takes some ten minutes. Options go to each bench that is
named; NAME --help tells them. All know --flags "...", the V8 flags that are measured.
--peer alone is pipeline --peer: against Kafka Streams and librdkafka.

The broker is started here (Java 17 and Maven) unless KAFKA_BROKERS names one; KAFKA_PID is then
its process, if it is on this machine. The orders that were loaded stay on such a broker.`

function fail(message: string): never {
  console.error(`${message}\n\n${USAGE}`)
  process.exit(2)
}

function commandLine(args: readonly string[]): { names: Name[]; options: string[] } {
  const at = args.findIndex((arg) => arg.startsWith('-'))
  const given = at < 0 ? args : args.slice(0, at)
  const options = at < 0 ? [] : args.slice(at)
  const wrong = given.find((name) => !(name in BENCHES))
  if (wrong !== undefined) fail(`There is no bench ${wrong}`)
  if (given.length > 0) return { names: given as Name[], options }
  if (options.includes('--help')) {
    console.log(USAGE)
    process.exit(0)
  }
  if (options.includes('--peer')) return { names: ['pipeline'], options }
  if (options.length > 0) fail('Name the benches that the options are for')
  return { names: Object.keys(BENCHES) as Name[], options }
}

/** What runs in the bench's own process runs with the service's V8 flags, or with those to be tried. */
function nodeArguments(name: Name, options: readonly string[]): string[] {
  const script = ['--import', 'tsx', `bench/${name}.ts`]
  if (NEEDS_KAFKA.includes(name)) return [...script, ...options]
  const flags = options.find((option) => option.startsWith(FLAGS))
  if (flags === undefined) return [...SERVICE_FLAGS, ...script, ...options]
  const others = options.filter((option) => option !== flags)
  return [...flagsOf(flags.slice(FLAGS.length)), ...script, ...others]
}

async function runBench(name: Name, options: readonly string[], kafka?: BenchKafka): Promise<void> {
  const env = kafka && { KAFKA_BROKERS: kafka.address, KAFKA_PID: String(kafka.pid) }
  const child = startProcess(process.execPath, nodeArguments(name, options), {
    stdio: 'inherit',
    // It has children of its own to end.
    signal: 'SIGTERM',
    ...(env && { env }),
  })
  const code = await ended(child)
  if (code !== 0) process.exitCode = code ?? 1
}

const { names, options } = commandLine(joinFlags(process.argv.slice(2)))
const runAll = async (kafka?: BenchKafka): Promise<void> => {
  for (const name of names) await runBench(name, options, kafka)
}
const onlyHelp = options.includes('--help')
if (!onlyHelp && names.some((name) => NEEDS_KAFKA.includes(name))) await withKafka(runAll)
else await runAll()
