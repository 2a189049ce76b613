/** Every error that the service raises on purpose. The code is stable; users search for it. */
export type ErrorCode =
  | 'CONFIG_INVALID'
  | 'SCHEMA_INVALID'
  | 'REGISTRY_UNAVAILABLE'
  | 'REGISTRY_READ_ONLY'
  | 'MEMORY_TOO_SMALL'
  | 'BROKER_UNREACHABLE'
  | 'BROKER_AUTHENTICATION'
  | 'BROKER_TLS'
  | 'BROKER_UNSUPPORTED'
  | 'BROKER_REFUSED'
  | 'NOT_AUTHORIZED'
  | 'RECORD_REFUSED'
  | 'GROUP_TAKEN'
  | 'TOPIC_MISSING'
  | 'PARTITIONS_DIFFER'
  | 'STATE_UNWRITABLE'
  | 'STATE_LOCKED'
  | 'STATE_CORRUPT'
  | 'STATE_LAYOUT_CHANGED'
  | 'CHANGELOG_UNREADABLE'
  | 'OFFSETS_CHANGED'
  | 'OFFSET_OUT_OF_RANGE'
  | 'CORRUPT_BATCH'
  | 'FENCED'
  | 'INSTANCE_ID_TAKEN'
  | 'EPOCH_ABORTED'
  | 'HTTP_PORT_TAKEN'
  | 'START_STUCK'

/** An error with a stable code, a sentence that says what to do, and fields that the log prints. */
export class EnricherError extends Error {
  readonly code: ErrorCode
  readonly fields: Readonly<Record<string, unknown>>

  constructor(
    code: ErrorCode,
    message: string,
    options: { cause?: unknown; fields?: Record<string, unknown> } = {},
  ) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'EnricherError'
    this.code = code
    this.fields = options.fields ?? {}
  }
}

export const messageOf = (e: unknown): string => (e instanceof Error ? e.message : String(e))

export const codeOf = (e: unknown): ErrorCode | undefined =>
  e instanceof EnricherError ? e.code : undefined
