import { type DestinationStream, pino, type SerializedError, stdSerializers } from 'pino'
import { codeOf, EnricherError, messageOf } from '../../errors.ts'
import { EVENTS, type EventFields, type EventLine, type EventName, type Log } from '../../events.ts'
import { LastWarnings } from './last-warnings.ts'

export const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'] as const
export type Level = (typeof LEVELS)[number]

export interface LeveledLog extends Log {
  /** What is below it is not printed. */
  level: string
  /** Printed or not. */
  readonly warnings: LastWarnings
}

/**
 * Lines on standard output: for people on a terminal, JSON otherwise.
 * @param wanted LOG_LEVEL; not set, or empty, as a variable of something else leaves it: `usual`
 */
export async function createLog(wanted: string | undefined, usual: Level): Promise<LeveledLog> {
  const level = wanted?.toLowerCase() || usual
  if (!LEVELS.some((known) => known === level)) {
    const message = `LOG_LEVEL is ${wanted}, which is not one of ${LEVELS.join(', ')}`
    throw new EnricherError('CONFIG_INVALID', message)
  }
  if (process.stdout.isTTY) return logTo(await terminal(), level, unsaid)
  return logTo(pino.destination({ sync: true }), level)
}

/**
 * JSON lines. An error's code and fields are printed with it.
 * @param shown which of an event's fields are printed behind its sentence
 */
export function logTo(
  destination: DestinationStream,
  level: string,
  shown: (message: string, fields: object) => object = (_message, fields) => fields,
): LeveledLog {
  const logger = pino(
    {
      level,
      base: { service: 'stream-enricher' },
      timestamp: pino.stdTimeFunctions.isoTime,
      // Pino's own would give it a stack again.
      serializers: { err: (printed) => printed },
      formatters: { level: (label) => ({ level: label }) },
    },
    destination,
  )
  const warnings = new LastWarnings()
  return {
    warnings,
    get level() {
      return logger.level
    },
    set level(wanted) {
      logger.level = wanted
    },
    event(name, fields) {
      const { level, message } = EVENTS[name]
      const line = { event: name, ...shown(message, fields) }
      const printed =
        'err' in line ? { ...line, err: printedError(line.err, level, logger.level) } : line
      logger[level](printed, messageFor(name, fields))
      warnings.add(name, fields, (shown) => messageFor(name, shown))
    },
  }
}

/**
 * An error as the log has it: with its stack where somebody looks for a fault of ours, at the levels debug and trace, or at
 * an end that nobody has foreseen.
 */
function printedError(error: unknown, level: string, wanted: string): unknown {
  if (!(error instanceof Error)) return error
  const printed = stdSerializers.errWithCause(error)
  const isUnforeseen = level === 'fatal' && codeOf(error) === undefined
  const isWanted = wanted === 'debug' || wanted === 'trace'
  return isUnforeseen || isWanted ? printed : withoutStack(printed)
}

function withoutStack({ stack: _, cause, ...rest }: SerializedError): object {
  return cause === undefined ? rest : { ...rest, cause: withoutStack(cause as SerializedError) }
}

/** The fields that the sentence does not have: people need not read the others again. */
export const unsaid = (message: string, fields: object): object =>
  Object.fromEntries(Object.entries(fields).filter(([name]) => !message.includes(`{${name}}`)))

function messageFor<Name extends EventName>(name: Name, fields: EventFields<Name>): string {
  const { message }: EventLine = EVENTS[name]
  const values: Readonly<Record<string, unknown>> = fields
  const filled = message.replaceAll(/\{(\w+)\}/g, (_, field) => String(values[field]))
  return 'err' in values ? `${filled}: ${messageOf(values.err)}` : filled
}

/** Loaded only here: a container's log has no use for it. */
async function terminal(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({
    sync: true,
    singleLine: true,
    ignore: 'service',
    translateTime: 'SYS:HH:MM:ss.l',
  })
}
