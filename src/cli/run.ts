/** `run FILE`: runs the pipeline until a signal or a fatal error. */
import { setTimeout as sleep } from 'node:timers/promises'
import { loadPipeline } from '../config/load.ts'
import { startService } from '../service.ts'
import { createLog } from '../watch/log/log.ts'

/** A stop that takes longer is cut off: an orchestrator would soon do it less kindly. */
export const STOP_MS = 5000

export async function run(file: string): Promise<void> {
  const log = await createLog(process.env.LOG_LEVEL, 'info')
  const pipeline = loadPipeline(file, process.env)
  const fatal = (error: unknown): void => {
    log.event('failed', { err: error })
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
  log.event('stopping', { signal: await signal })
  setTimeout(() => fatal(new Error(`Not stopped within ${STOP_MS} ms`)), STOP_MS).unref()
  const service = await Promise.race([starting, sleep(1000, undefined)])
  await service?.stop()
  log.event('stopped', {})
  process.exit(0)
}

/** For crash tests: `3:5` kills the process after step 3 of its fifth commit. */
export function killAfterStep(fault: string | undefined): (step: number) => void {
  if (fault === undefined) return () => {}
  const [step, commit] = fault.split(':').map(Number)
  let commits = 0
  return (done) => {
    if (done === step && ++commits === commit) process.kill(process.pid, 'SIGKILL')
  }
}
