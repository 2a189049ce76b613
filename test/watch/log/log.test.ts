import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { EnricherError } from '../../../src/errors.ts'
import { EVENTS, type EventLine } from '../../../src/events.ts'
import { createLog, logTo, unsaid } from '../../../src/watch/log/log.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

function recorder(level: string) {
  const lines: Record<string, unknown>[] = []
  const log = logTo({ write: (line) => void lines.push(JSON.parse(line)) }, level)
  return { log, lines }
}

test('a line has its event, its fields, and a message with the fields that it names', () => {
  const { log, lines } = recorder('info')
  const fields = { topic: 'orders', partition: 3, offset: 5, earliest: 9, lost: 4 }
  log.event('records_deleted_unread', fields)
  const [{ time, ...line }] = lines
  assert.ok(Math.abs(Date.parse(time as string) - Date.now()) < 60_000)
  assert.deepEqual(line, {
    level: 'warn',
    service: 'stream-enricher',
    event: 'records_deleted_unread',
    ...fields,
    msg: 'Retention has deleted 4 records of orders-3 before they were read; going on at the earliest',
  })
})

test('on a terminal only the fields that the sentence does not have follow it', () => {
  const lines: Record<string, unknown>[] = []
  const log = logTo({ write: (line) => void lines.push(JSON.parse(line)) }, 'info', unsaid)
  log.event('records_deleted_unread', { topic: 'o', partition: 3, offset: 5, earliest: 9, lost: 4 })
  const { time: _, msg: __, ...line } = lines[0]
  assert.deepEqual(line, {
    level: 'warn',
    service: 'stream-enricher',
    event: 'records_deleted_unread',
    offset: 5,
    earliest: 9,
  })
})

test('an error is printed with its code, fields and cause, and its message behind the line’s', () => {
  const { log, lines } = recorder('info')
  const cause = new Error('no route')
  const err = new EnricherError('EPOCH_ABORTED', 'Not committed', { cause, fields: { task: 7 } })
  log.event('epoch_aborted', { err })
  const [{ msg, err: printed }] = lines as [{ msg: string; err: Record<string, unknown> }]
  assert.equal(msg, 'Epoch aborted, its tasks are taken anew: Not committed')
  assert.equal(printed.code, 'EPOCH_ABORTED')
  assert.deepEqual(printed.fields, { task: 7 })
  assert.match(JSON.stringify(printed), /no route/)
})

test('a foreseen error is a sentence without a stack, unless one looks for a fault', () => {
  const cause = new Error('no route')
  const foreseen = new EnricherError('BROKER_UNREACHABLE', 'No broker answers', { cause })
  for (const [level, err, hasStack] of [
    ['info', foreseen, false],
    ['debug', foreseen, true],
    ['info', new TypeError('x is not a function'), true],
  ] as const) {
    const { log, lines } = recorder(level)
    log.event('failed', { err })
    assert.equal(JSON.stringify(lines).includes('"stack"'), hasStack, `${level} ${err}`)
  }
  const { log, lines } = recorder('info')
  log.event('epoch_aborted', { err: new Error('An answer that nobody knows') })
  assert.doesNotMatch(JSON.stringify(lines), /"stack"/)
})

test('the level can be changed while it runs', () => {
  const { log, lines } = recorder('warn')
  const seen = (): number => lines.splice(0).length
  log.event('stopped', {})
  assert.equal(seen(), 0)
  log.level = 'info'
  log.event('stopped', {})
  assert.equal(seen(), 1)
  log.level = 'silent'
  log.event('failed', { err: new Error('x') })
  assert.equal(seen(), 0)
  assert.equal(log.level, 'silent')
})

test('LOG_LEVEL may be empty or in capitals; one that is none is refused with those that there are', async () => {
  assert.equal((await createLog('', 'warn')).level, 'warn')
  assert.equal((await createLog(undefined, 'info')).level, 'info')
  assert.equal((await createLog('ERROR', 'info')).level, 'error')
  const message =
    'LOG_LEVEL is loud, which is not one of trace, debug, info, warn, error, fatal, silent'
  await assert.rejects(createLog('loud', 'info'), { code: 'CONFIG_INVALID', message })
})

test('every event is logged somewhere, and a message names no field that the event has not', () => {
  const sources = readdirSync(`${root}src`, { recursive: true })
    .map((file) => `${root}src/${file}`)
    .filter((file) => file.endsWith('.ts') && !file.endsWith('/events.ts'))
    .map((file) => readFileSync(file, 'utf8'))
    .join('\n')
  for (const [name, { message, fields }] of Object.entries<EventLine>(EVENTS)) {
    assert.match(sources, new RegExp(`\\.event\\(\\s*'${name}'`))
    for (const [, field] of message.matchAll(/\{(\w+)\}/g)) assert.ok(field in fields, message)
  }
})

const script = '/usr/bin/script'
const PROGRAM = `
  import { createLog } from './src/watch/log/log.ts'
  const log = await createLog('', 'info')
  log.event('listening', { port: 8080, pipeline: 'job' })
  log.event('failed', { err: new Error('nothing left') })
  process.exit(1)`

test('on a terminal it is text for people; in a pipe JSON', (t) => {
  const args = ['--import', 'tsx', '--input-type=module', '-e', PROGRAM]
  const piped = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' })
  const events = piped.stdout.trimEnd().split('\n')
  assert.deepEqual(
    events.map((line) => JSON.parse(line).event),
    ['listening', 'failed'],
    piped.stderr,
  )
  if (process.platform !== 'linux' || !existsSync(script)) return t.skip('there is no script(1)')
  const command = [process.execPath, ...args].map((arg) => `'${arg.replaceAll("'", "'\\''")}'`)
  const shown = spawnSync(script, ['-qec', command.join(' '), '/dev/null'], {
    cwd: root,
    encoding: 'utf8',
  })
  assert.match(shown.stdout, /INFO.*Listening.*"port":8080/)
  assert.match(shown.stdout, /FATAL.*The service cannot go on: nothing left/)
  assert.doesNotMatch(shown.stdout, /"level":/)
})
