#!/usr/bin/env node
/** The command line. */
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import { createPipelineCodec, readSchemas } from './codec/avro.ts'
import type { PipelineCodec } from './codec/port.ts'
import { Registry } from './codec/registry.ts'
import { loadPipeline } from './config/load.ts'
import { pipelineSchema } from './config/schema.ts'
import { EnricherError, messageOf } from './errors.ts'
import { createLog } from './ops/log.ts'
import { startService } from './service.ts'

const USAGE = `Usage: stream-enricher COMMAND

  run FILE             runs the pipeline
  validate FILE        checks the pipeline file and its schemas
  healthcheck          asks the running service at --url (http://127.0.0.1:8080/livez) how it is
  schema               prints the JSON Schema of pipeline files
  output-schema FILE   prints the Avro schema of the output
  version              prints the version

Exit codes: 0 done, 1 failed, 2 wrong usage, 78 the pipeline file is wrong.
`
const VERSION = '0.1.0'
const EXIT_USAGE = 2
const EXIT_CONFIG = 78
const REGISTRY_PATIENCE_MS = 5000
/** A stop that takes longer is cut off: an orchestrator would soon do it less kindly. */
const STOP_MS = 5000

const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

async function main(args: string[]): Promise<void> {
  const { positionals } = parseArgs({ args, allowPositionals: true, strict: false })
  const [command, file] = positionals
  if (command === 'version') print(VERSION)
  else if (command === 'schema') print(JSON.stringify(pipelineSchema, null, 2))
  else if (command === 'healthcheck') {
    const { values } = parseArgs({ args: args.slice(1), options: { url: { type: 'string' } } })
    await (await import('./cli/healthcheck.ts')).healthcheck(values)
  } else if (file === undefined) usage()
  else if (command === 'run') await run(file)
  else if (command === 'validate') {
    await compile(file)
    print(`${file} is valid`)
  } else if (command === 'output-schema') {
    print((await compile(file)).outputSchema)
  } else usage()
}

async function compile(file: string): Promise<PipelineCodec> {
  const pipeline = loadPipeline(file, process.env)
  const registry = pipeline.registry && new Registry(pipeline.registry, createLog('warn'))
  const work = async () =>
    createPipelineCodec(pipeline, await readSchemas(pipeline, registry), registry)
  return registry === null ? work() : registry.withPatience(REGISTRY_PATIENCE_MS, work)
}

function usage(): void {
  process.stderr.write(USAGE)
  process.exitCode = EXIT_USAGE
}

async function run(file: string): Promise<void> {
  const log = createLog(process.env.LOG_LEVEL ?? 'info')
  const pipeline = loadPipeline(file, process.env)
  const fatal = (error: unknown): void => {
    log.fatal({ err: error }, messageOf(error))
    process.exit(1)
  }
  process.on('unhandledRejection', fatal)
  const signal = new Promise<string>((resolve) => {
    process.once('SIGTERM', resolve)
    process.once('SIGINT', resolve)
  })
  const starting = startService(
    pipeline,
    log,
    killAfterStep(process.env.ENRICHER_KILL_AFTER),
    fatal,
  )
  starting.catch(fatal)
  log.info({ signal: await signal }, 'Stopping')
  setTimeout(() => fatal(new Error(`Not stopped within ${STOP_MS} ms`)), STOP_MS).unref()
  const service = await Promise.race([starting, sleep(1000, undefined)])
  await service?.stop()
  log.info('Stopped')
  process.exit(0)
}

/** For crash tests: `3:5` kills the process after step 3 of its fifth commit. */
function killAfterStep(fault: string | undefined): (step: number) => void {
  if (fault === undefined) return () => {}
  const [step, commit] = fault.split(':').map(Number)
  let commits = 0
  return (done) => {
    if (done === step && ++commits === commit) process.kill(process.pid, 'SIGKILL')
  }
}

main(process.argv.slice(2)).catch((error: unknown) => {
  const config =
    error instanceof EnricherError &&
    (error.code === 'CONFIG_INVALID' || error.code === 'SCHEMA_INVALID')
  process.stderr.write(`${messageOf(error)}\n`)
  process.exit(config ? EXIT_CONFIG : 1)
})
