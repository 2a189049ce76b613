#!/usr/bin/env -S node --single-threaded-gc --max-semi-space-size=8
/**
 * The command line: which commands there are, and what the exit code is. What a command does is in
 * its file of `cli`, read only when it runs: a short command is not to load a broker client.
 */
import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import type { DimensionOption } from './cli/init.ts'
import { type Coordinates, parseCoordinates } from './cli/rejects/reject.ts'
import { isBrokerAddress } from './config/broker-address.ts'
import { codeOf, messageOf } from './errors.ts'
import { REVISION, VERSION } from './version.ts'

const EXIT_FAILED = 1
const EXIT_USAGE = 2
const EXIT_CONFIG = 78

const program = new Command('stream-enricher')
  .description(
    'Enriches a Kafka topic with dimensions and a windowed join, exactly once, as a pipeline file says.',
  )
  .version(
    [VERSION, REVISION].join(' ').trim(),
    '-V, --version',
    'prints the version, as the command does',
  )
  .configureHelp({ showGlobalOptions: false })
  .helpCommand('help [command]', 'says what a command does, as its --help')
  .showHelpAfterError('(--help says what there is)')
  .exitOverride()
  .addHelpText(
    'after',
    '\nExit codes: 0 done, 1 failed, 2 wrong usage, 78 the pipeline file is wrong.',
  )

/** An option's number. */
function countOf(text: string): number {
  if (!/^[1-9]\d*$/.test(text)) throw new InvalidArgumentError('It has to be a number above 0.')
  return Number(text)
}

/** Date.parse takes February 30 for March 2. */
function isDay(text: string): boolean {
  const time = Date.parse(text)
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text)
}

/** An option's time: milliseconds since 1970. */
function timeOf(text: string): number {
  const isTime = /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text)
  const isIso = isTime && isDay(text.slice(0, 10))
  const time = /^\d+$/.test(text) ? Number(text) : isIso ? Date.parse(text) : Number.NaN
  if (Number.isNaN(new Date(time).getTime())) {
    throw new InvalidArgumentError(
      'It has to be a date, a time with its zone as 2025-01-31T10:00:00Z, or milliseconds since 1970.',
    )
  }
  return time
}

function addressesOf(text: string): string {
  if (text.split(',').every(isBrokerAddress)) return text
  throw new InvalidArgumentError('It has to be host:port, as localhost:9092; several with commas.')
}

/** `NAME=TOPIC` or `NAME=TOPIC:FIELD`, where the field may be several, added to those before it. */
function dimensionOf(text: string, before: readonly DimensionOption[]): DimensionOption[] {
  const [, name, topic, on] = /^([\w.-]+)=([\w.-]+)(?::([\w.]+(?:,[\w.]+)*))?$/.exec(text) ?? []
  if (name === undefined) throw new InvalidArgumentError('It has to be NAME=TOPIC[:FIELD].')
  return [...before, { name, topic, on }]
}

/** A record's coordinates, added to those before it. */
function placesOf(text: string, before: readonly Coordinates[] = []): Coordinates[] {
  const place = parseCoordinates(text)
  if (place === undefined) throw new InvalidArgumentError('It has to be TOPIC-PARTITION@OFFSET.')
  return [...before, place]
}

/** A command on a pipeline file. */
const onFile = (name: string, description: string): Command =>
  program.command(name).description(description).argument('<file>', 'the pipeline file')

program
  .command('init')
  .description('writes a first pipeline file from topics and schemas that are there')
  .requiredOption('--brokers <addresses>', 'host:port, separated by commas', addressesOf)
  .requiredOption('--facts <topic>', 'the fact topic')
  .option('--join <topic>', 'the second stream; without it nothing is joined')
  .addOption(
    new Option(
      '--dimension <name=topic[:field]>',
      'a compacted topic, and the fact’s field that looks it up, or several with commas between; as often as needed',
    )
      .argParser(dimensionOf)
      .default([], 'none'),
  )
  .option(
    '--registry <url>',
    'the schema registry; without it TOPIC.avsc beside the file is read, or for a topic of JSON written',
  )
  .addOption(
    new Option(
      '--registry-type <type>',
      'what it is; glue needs --registry-region, azure --registry-group',
    ).choices(['confluent', 'glue', 'azure']),
  )
  .option('--registry-region <region>', 'glue: the region of AWS')
  .option('--registry-name <name>', 'glue: the registry, if it is not default-registry')
  .option('--registry-group <group>', 'azure: the schema group')
  .option('--registry-username <user>', 'for basic authentication; see below')
  .option('--registry-ca <file>', 'the authorities of the registry’s certificate (PEM)')
  .option('--registry-cert <file>', 'our certificate for the registry (PEM)')
  .option('--registry-key <file>', 'its private key (PEM)')
  .option('--tls', 'speak TLS, with the certificate authorities that Node trusts')
  .option('--tls-ca <file>', 'speak TLS, with these authorities (PEM)')
  .option('--tls-cert <file>', 'our certificate (PEM)')
  .option('--tls-key <file>', 'our private key (PEM)')
  .addOption(
    new Option('--sasl-mechanism <name>', 'sign in at the brokers; see below').choices([
      'plain',
      'scram-sha-256',
      'scram-sha-512',
      'oauthbearer',
    ]),
  )
  .option('--sasl-username <user>', 'the user')
  .option('--sasl-token-endpoint <url>', 'oauthbearer: where tokens are given')
  .option('--sasl-token-endpoint-ca <file>', 'oauthbearer: its authorities (PEM)')
  .option('--sasl-client-id <id>', 'oauthbearer: the client')
  .option('--sasl-scope <scope>', 'oauthbearer: what tokens are to be for')
  .addHelpText(
    'after',
    '\nPasswords are taken from KAFKA_SASL_PASSWORD, KAFKA_SASL_CLIENT_SECRET, SCHEMA_REGISTRY_PASSWORD,\nKAFKA_TLS_PASSPHRASE and SCHEMA_REGISTRY_TLS_PASSPHRASE, users also from KAFKA_SASL_USERNAME and SCHEMA_REGISTRY_USERNAME. The file refers to these,\nand holds no secret. Credentials of AWS and Azure are found as the service finds them: docs/security.md.',
  )
  .option('--name <name>', 'the consumer group (default: FACTS-enrichment)')
  .option('--out <file>', 'where to write it (default: standard output)')
  .action(async (options) => (await import('./cli/init.ts')).init(options))

onFile('run', 'runs the pipeline').action(async (file) => (await import('./cli/run.ts')).run(file))

program
  .command('healthcheck')
  .description('asks the running service how it is')
  .argument(
    '[file]',
    'the pipeline file that it runs (default: /etc/stream-enricher/pipeline.yaml, if there is one)',
  )
  .option('--url <url>', 'a probe of it (default: /livez on the port that the file says, or 8080)')
  .action(async (file, options) =>
    (await import('./cli/healthcheck.ts')).healthcheck(file, options),
  )

onFile('validate', 'checks the file and its schemas, without a broker').action(async (file) =>
  (await import('./cli/validate.ts')).validate(file),
)

program
  .command('test')
  .description('runs test cases of a pipeline through the real join, without a broker')
  .argument('<file...>', 'fixture files, as pipeline.test.yaml')
  .action(async (files) => (await import('./cli/test.ts')).test(files))

onFile('check', 'connects, and checks all that a start needs').action(async (file) =>
  (await import('./cli/check.ts')).check(file),
)

onFile('plan', 'shows what a start would do to what is there; changes nothing').action(
  async (file) => (await import('./cli/plan.ts')).plan(file),
)

onFile('reset', 'forgets what was read and stored, so that the pipeline begins anew')
  .option('--yes', 'do it; without it, only shows what would be deleted')
  .addOption(new Option('--dry-run', 'only shows it, as without --yes').conflicts('yes'))
  .action(async (file, options) => (await import('./cli/reset.ts')).reset(file, options))

const topics = program.command('topics').description('the topics of a pipeline')
topics
  .command('create')
  .description('creates the output, rejects and changelog topic where they are missing')
  .argument('<file>', 'the pipeline file')
  .option('--dry-run', 'only shows what would be created')
  .action(async (file, options) =>
    (await import('./cli/topics-create.ts')).topicsCreate(file, options),
  )

onFile('replay', 'reads facts of a time again, as the pipeline would now, into another topic')
  .requiredOption('--output <topic>', 'where to write; created where it does not exist')
  .option('--from <time>', 'the first event time (default: the beginning)', timeOf)
  .option('--to <time>', 'the event time before which to end (default: what is there now)', timeOf)
  .option('--append', 'write to a topic that has records already')
  .option('--discard', 'only delete what an interrupted replay has left')
  .action(async (file, options) => (await import('./cli/replay.ts')).replay(file, options))

const rejects = program
  .command('rejects')
  .description('what is in the rejects topic')
  .addHelpText('after', '\n`rejects FILE` is `rejects show FILE`.')

/** A command on the rejects that options tell apart. */
const onRejects = (name: string, description: string, isDefault = false): Command =>
  rejects
    .command(name, { isDefault })
    .description(description)
    .argument('<file>', 'the pipeline file')
    .option('--reason <reason>', 'only those with this reason, as late or malformed')
    .option('--topic <topic>', 'only those that come from this input')
    .option('--since <time>', 'only those that were rejected then or later', timeOf)
    .option(
      '--where <condition>',
      'only those over which this is true, in CEL: of reason, topic, partition, offset, timestamp, rejected_at, stage, error, retries',
    )

onRejects('list', 'counts rejects by reason and input, with one of each')
  .option('--json', 'a line of JSON for each')
  .action(async (file, options) =>
    (await import('./cli/rejects/list.ts')).rejectsList(file, options),
  )

onRejects('show', 'shows what is in the rejects topic, decoded', true)
  .argument('[records...]', 'only the rejects of these records, as orders-3@17', placesOf)
  .option('--limit <count>', 'at most so many (default: 20 from the end)', countOf)
  .option('--from-beginning', 'the oldest first; all of them without --limit')
  .option('--json', 'a line of JSON for each')
  .action(async (file, records, options) =>
    (await import('./cli/rejects/show.ts')).rejectsShow(file, records, options),
  )

onRejects('retry', 'puts rejected records back into their topics, each once')
  .option('--limit <count>', 'at most so many', countOf)
  .option('--dry-run', 'only says which would go back')
  .option('--force', 'also those whose windows have passed')
  .action(async (file, options) =>
    (await import('./cli/rejects/retry.ts')).rejectsRetry(file, options),
  )

const config = program.command('config').description('the settings of a pipeline')
config
  .command('print')
  .description('prints the settings, with where each comes from and without secrets')
  .argument('<file>', 'the pipeline file')
  .option('--effective', 'also those that the file leaves out')
  .action(async (file, options) =>
    (await import('./cli/config-print.ts')).configPrint(file, options),
  )

onFile('output-schema', 'prints the schema of the output: Avro’s, a JSON Schema, or a .proto file')
  .option('--write', 'into the files that keep the field numbers of outputs in Protobuf')
  .action(async (file, options) =>
    (await import('./cli/output-schema.ts')).outputSchema(file, options),
  )

program
  .command('schema')
  .description('prints the JSON Schema of pipeline files')
  .action(async () => (await import('./cli/schema.ts')).schema())

program
  .command('completion')
  .description('prints a script that completes commands in your shell')
  .addArgument(new Argument('<shell>').choices(['bash', 'zsh', 'fish']))
  .action(async (shell) => (await import('./cli/completion.ts')).completion(program, shell))

program
  .command('version')
  .description(
    'prints the version, and the commit that the image was built from or that is checked out',
  )
  .action(() => {
    process.stdout.write(`${[VERSION, REVISION].join(' ').trim()}\n`)
  })

/** commander has said what is wrong; everything else is said here. */
function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : EXIT_USAGE
  process.stderr.write(`${messageOf(error)}\n`)
  const isConfig = codeOf(error) === 'CONFIG_INVALID' || codeOf(error) === 'SCHEMA_INVALID'
  return isConfig ? EXIT_CONFIG : EXIT_FAILED
}

program.parseAsync().catch((error: unknown) => process.exit(exitCodeOf(error)))
