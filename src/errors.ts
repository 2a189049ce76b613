/** What the service does about an error, what has gone wrong, and what is left to do. docs/errors.md shows it. */
export interface ErrorLine {
  /** Whether the command or the service ends; else it goes on from the last commit. */
  readonly ends: boolean
  readonly means: string
  readonly action: string
}

/** Every error that the service raises on purpose. The code is stable; users search for it. */
export const ERRORS = {
  CONFIG_INVALID: {
    ends: true,
    means: 'the pipeline file, or a variable of the environment, is wrong; exit code 78',
    action: 'correct each line that is named',
  },
  SCHEMA_INVALID: {
    ends: true,
    means:
      'a schema cannot be used: it is not there, no Avro record, does not have a field that the file names, an expression of the file does not fit it, or the registry refuses the output’s; exit code 78, of `run` 1',
    action: 'as the message says',
  },
  REGISTRY_UNAVAILABLE: {
    ends: true,
    means: 'a command gets no answer of the registry, or one that is of no use; `run` waits for it',
    action: 'look at registry.url, its user and its certificates',
  },
  REGISTRY_READ_ONLY: {
    ends: true,
    means: 'we may register nothing, and the output’s schema is not registered',
    action: 'have what `output-schema` prints registered, or set output.schemaId',
  },
  MEMORY_TOO_SMALL: {
    ends: true,
    means: 'the parts of memory do not fit the limit, or the dimensions outgrow theirs',
    action: 'more memory, less of memory.*, or fewer columns with select',
  },
  BROKER_UNREACHABLE: {
    ends: true,
    means: 'no broker, or token endpoint, answers at the start',
    action: 'nothing where a supervisor starts it again; else look at kafka.brokers',
  },
  BROKER_AUTHENTICATION: {
    ends: true,
    means: 'the broker refuses the user or the mechanism, or the token endpoint the client',
    action: 'as the message says',
  },
  BROKER_TLS: {
    ends: true,
    means:
      'a certificate is not trusted on one of the sides, does not fit, or the port speaks TLS or does not',
    action: 'as the message says',
  },
  BROKER_UNSUPPORTED: {
    ends: true,
    means: 'the broker is older than Kafka 2.5, which exactly-once needs',
    action: 'a newer broker',
  },
  BROKER_REFUSED: {
    ends: true,
    means: 'the broker refuses what no retry cures: a setting, a name, a limit',
    action: 'as the message says',
  },
  NOT_AUTHORIZED: {
    ends: true,
    means: 'a right is lacking, or was taken away',
    action: 'grant the right that is named; `check` names all that are lacking',
  },
  GROUP_TAKEN: {
    ends: true,
    means: 'another kind of client has members in the group',
    action: 'stop them, or give the pipeline another name',
  },
  TOPIC_MISSING: {
    ends: true,
    means: 'an input is not there, or a topic was deleted while it was used',
    action:
      'create it, or correct the pipeline file; a restart creates output, rejects and changelog',
  },
  PARTITIONS_DIFFER: {
    ends: true,
    means: 'facts, the join’s topic, output or changelog have different numbers of partitions',
    action: 'as the message says',
  },
  STATE_UNWRITABLE: {
    ends: true,
    means: 'state.dir cannot be written',
    action: 'a folder that the user may write; a volume in a container',
  },
  STATE_FULL: {
    ends: true,
    means: 'no room is left on the volume of state.dir',
    action: 'a larger volume; stores may be deleted while nothing runs, and are read again',
  },
  STATE_LOCKED: {
    ends: true,
    means: 'another process has the state folder',
    action: 'give each instance a state.dir of its own',
  },
  STATE_LAYOUT_CHANGED: {
    ends: true,
    means:
      'what the window was stored with is not what the pipeline says now: fields, schema files or window; or newer schemas do not go together with it, where the output evolves',
    action:
      'as the message says: another name, `reset`, or `output.schema: pinned`; `plan` shows it before',
  },
  CHANGELOG_UNREADABLE: {
    ends: true,
    means: 'a record of the changelog is of a newer release, or of somebody else',
    action: 'start the newer release again, or as the message says',
  },
  OFFSETS_CHANGED: {
    ends: true,
    means:
      'the group’s offsets were changed from outside, an input was deleted and made anew, or a join added',
    action: 'as the message says; `plan` and `check` show it before',
  },
  STATE_LOST: {
    ends: true,
    means:
      'records of a changelog were deleted, or the topic, while a window or facts that wait were in it, and no store has them',
    action:
      'start the instance whose state folder is whole; else `reset`, with startAt before what is lost; `check` and `plan` show a changelog that is empty',
  },
  CORRUPT_BATCH: {
    ends: true,
    means: 'a batch of records has a wrong checksum or length, or cannot be decompressed',
    action: 'look at the broker’s disk and at what lies between; a restart fetches the batch again',
  },
  INSTANCE_ID_TAKEN: {
    ends: true,
    means: 'two instances have one kafka.instanceId: the older one ends',
    action: 'give each its own',
  },
  HTTP_PORT_TAKEN: {
    ends: true,
    means: 'http.port cannot be listened on',
    action: 'another http.port, or http.host; 0 takes any',
  },
  START_STUCK: {
    ends: true,
    means: 'a start has not moved for 2 minutes, or three session timeouts',
    action: 'nothing where a supervisor starts it again; else look in the log for what fails',
  },
  RECORD_REFUSED: {
    ends: false,
    means: 'a topic takes less than it did: its limits are read, and the epoch is done again',
    action: 'nothing',
  },
  STATE_CORRUPT: {
    ends: false,
    means:
      'a store is damaged: a window’s is put aside and restored from the changelog, a dimension’s read anew from its topic',
    action: 'nothing; look at the disk where it comes again',
  },
  OFFSET_OUT_OF_RANGE: {
    ends: false,
    means: 'retention has deleted what was to be read next: it goes on at the earliest record',
    action: 'more retention',
  },
  FENCED: {
    ends: false,
    means:
      'the group has gone on without this instance: it joins again, and drops what was not committed',
    action: 'nothing; where it comes again and again, a longer kafka.sessionTimeout',
  },
  EPOCH_ABORTED: {
    ends: false,
    means: 'a commit has failed: its tasks are taken anew from the last one',
    action: 'nothing; look at the broker where epochs_failing is logged',
  },
} as const satisfies Record<string, ErrorLine>

export type ErrorCode = keyof typeof ERRORS

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
