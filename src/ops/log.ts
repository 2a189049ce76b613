import { type Logger, pino, stdSerializers } from 'pino'

export type { Logger }

/** JSON lines on standard output; the level comes from LOG_LEVEL. An error's code and fields are printed with it. */
export function createLog(level: string): Logger {
  return pino({
    level,
    base: { service: 'stream-enricher' },
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: stdSerializers.errWithCause },
  })
}
