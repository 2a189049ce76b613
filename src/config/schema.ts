/**
 * The definition of the pipeline file: what validates it is what `stream-enricher schema` prints for
 * editors. Defaults that depend on other keys are in `pipeline-of.ts`, what one key says against another in `cross-checks.ts`.
 */
import { JOIN_KINDS } from './join-kind.ts'
import { KAFKA_SETTINGS, NAMED, UNLIMITED } from './topic-settings.ts'

const LATE = ['emit', 'drop', 'reject'] as const
/** Of a fact without a row. */
const FATES = [null, 'null', 'drop', 'reject'] as const
/** Up to a day: longer than that a fact does better to wait in its topic. */
const WAIT = '^0*([1-9]\\d{0,6}ms|[1-9]\\d{0,3}s|[1-9]\\d{0,2}m|([1-9]|1\\d|2[0-4])h|1d)$'

const text = (description: string, more: object = {}): object => ({
  type: 'string',
  minLength: 1,
  description,
  ...more,
})
/** Whatever shows a pipeline file leaves these out. */
const secret = (description: string): object => text(description, { writeOnly: true })
/**
 * What is wrong with a value, and what to write. Editors show it as it stands (`errorMessage` is theirs, too); here the value
 * comes before a sentence that begins with "is", and any other stands alone: the value may have a password in it.
 */
export const message = (errorMessage: string): object => ({ errorMessage })
/** An object that has no other properties. */
export const object = (
  description: string,
  properties: object,
  required: string[] = [],
): object => ({
  type: 'object',
  additionalProperties: false,
  description,
  properties,
  required,
})

/** Up to some centuries. */
export const DURATION = '^(0|\\d{1,13}ms|\\d{1,10}s|\\d{1,8}m|\\d{1,7}h|\\d{1,5}d)$'
const duration = (description: string, more: object = {}): object => ({
  type: ['string', 'integer'],
  pattern: DURATION,
  ...message('is not a duration; write 250ms, 10s, 5m, 1h or 7d'),
  maximum: 0,
  minimum: 0,
  description: `${description} A duration: 250ms, 10s, 5m, 1h, 7d.`,
  ...more,
})
const SIZE = '^\\d+(KiB|MiB|GiB)?$'
const size = (description: string): object => ({
  type: ['string', 'integer'],
  pattern: SIZE,
  ...message('is not a size; write 512KiB, 64MiB, 2GiB or a number of bytes'),
  minimum: 0,
  description: `${description} A size: 64MiB, 2GiB, or bytes.`,
})
/** Kafka's own values of a topic's setting, and durations and sizes as they are written in the rest of the file. */
const SETTINGS: Readonly<Record<string, object>> = {
  ms: {
    type: ['string', 'integer'],
    pattern: `^\\d+$|${DURATION}`,
    ...message('is not a duration; write 250ms, 10s, 5m, 1h or 7d, or a number of milliseconds'),
    minimum: -2,
  },
  bytes: {
    type: ['string', 'integer'],
    pattern: SIZE,
    ...message('is not a size; write 512KiB, 64MiB, 2GiB or a number of bytes'),
    minimum: -2,
  },
  count: { type: 'integer' },
  ratio: { type: 'number', minimum: 0, maximum: 1 },
  flag: { type: 'boolean' },
}
const ownKey = ([key, name]: readonly [string, string]): [string, object] => [
  name,
  { not: {}, ...message(`has a key of its own: write ${key}, beside settings and not in them`) },
]
const kafkaSettings = {
  description:
    'Other settings of the topic, by Kafka’s names, as { segment.bytes: 256MiB }; durations and sizes as in the rest of the file.',
  anyOf: [
    object('Settings by Kafka’s names.', {
      ...Object.fromEntries(
        Object.entries(KAFKA_SETTINGS).map(([name, kind]) => [
          name,
          typeof kind === 'string' ? SETTINGS[kind] : { enum: kind },
        ]),
      ),
      ...Object.fromEntries(Object.entries(NAMED).map(ownKey)),
    }),
  ],
}
const replication = {
  replicationFactor: {
    type: 'integer',
    minimum: 1,
    maximum: 32767,
    description: 'On how many brokers each partition is. Default: the brokers’.',
  },
  minInsync: {
    type: 'integer',
    minimum: 1,
    maximum: 32767,
    description: 'How many of them have to have a record before it counts (min.insync.replicas).',
  },
}
const retention = (description: string) => ({
  retention: {
    type: ['string', 'integer'],
    // No number is: it has no unit.
    minimum: 1,
    maximum: 0,
    pattern: `^${UNLIMITED}$|^[1-9]\\d{0,12}(ms|s|m|h|d)$`,
    ...message('is no time to keep records for; write 12h, 7d or unlimited'),
    description: `${description} A duration, or unlimited.`,
  },
  retentionBytes: {
    type: ['string', 'integer'],
    pattern: `^${UNLIMITED}$|${SIZE}`,
    ...message('is not a size; write 512MiB, 20GiB, a number of bytes or unlimited'),
    minimum: 1,
    description:
      'How much of each partition is kept; what is older is deleted. Default: unlimited. A size: 64MiB, 2GiB, or bytes.',
  },
  compression: text('How the brokers store batches: as they come (producer), or compressed anew.', {
    enum: ['producer', 'uncompressed', 'gzip', 'snappy', 'lz4', 'zstd'],
  }),
})
/** Kafka's own rule. */
const TOPIC = '^(?!\\.{1,2}$)[a-zA-Z0-9._-]{1,249}$'
const topic = (description: string): object =>
  text(description, {
    pattern: TOPIC,
    ...message('is no name for a topic; use letters a to z, digits, dots, - and _, at most 249'),
  })
/** The address of a service. */
const address = (description: string): object =>
  text(description, {
    pattern: '^https?://[^@]+$',
    ...message(
      'must be an http:// or https:// address without credentials, which have keys of their own',
    ),
  })

const where = text(
  'The condition under which a record is taken, in CEL; others are dropped and counted. docs/expressions.md.',
)
const derived = (description: string) => ({
  type: 'object',
  // As Avro has it.
  propertyNames: {
    pattern: '^[A-Za-z_][A-Za-z0-9_]*$',
    ...message(
      'is no name of a field; use letters a to z, digits and _. Within { } an expression with a comma stands in quotes',
    ),
  },
  additionalProperties: { type: 'string', minLength: 1 },
  minProperties: 1,
  description,
})
const fields = derived(
  'Derived fields by name, each an expression in CEL of the record’s fields. They come behind the others. docs/expressions.md.',
)

const input = {
  topic: topic('The topic to read.'),
  format: text(
    'How values are written: in Avro or Protobuf, framed with the id of their schema, or as JSON text, with such a frame or without. docs/formats.md.',
    { enum: ['avro', 'json', 'protobuf'], default: 'avro' },
  ),
  frame: text(
    'Write none where values, and Avro keys, name no schema: they are read as schema, and keySchema, say. Without it each record shows where it names its schema: docs/keys.md.',
    { enum: ['none'] },
  ),
  keyFormat: text('How record keys are written; text is also a number’s decimal digits.', {
    enum: ['text', 'avro', 'json', 'protobuf', 'long', 'int', 'bytes'],
    default: 'text',
  }),
  keySchema: text(
    'keyFormat avro without a registry: an .avsc file of the key. Default: the type of the field that the key is matched with. keyFormat protobuf without a registry: a .proto file or descriptors (.desc).',
  ),
  schema: text(
    'An .avsc file, relative to this file; of JSON values that, or a JSON Schema; of Protobuf a .proto file, or descriptors (.desc) with all imports. Without it the registry’s schema; JSON needs none where only JSON comes out.',
  ),
  envelope: text(
    'What the connector puts the row into, with what has happened to it: debezium (before, after, op), mongodb (fullDocument, operationType), connect (schema and payload), dynamodb (stream records of DynamoDB), or dynamodb-cdc (Confluent’s connector of it: after and before with a document); of these two the values are JSON, and the schema is that of an item. All other keys speak of the row. Without it the value is the row. docs/change-data.md.',
    { enum: ['debezium', 'mongodb', 'connect', 'dynamodb', 'dynamodb-cdc'] },
  ),
  type: text(
    'Where the topic has several types of records: the name of the Avro record, or the Protobuf message, that is read, with or without its namespace. Others are passed over. Of Avro it needs a registry. Not of JSON values.',
    {
      pattern: '^[^\\s/]+$',
      ...message('is no name of a record; write Order, or com.example.Order'),
    },
  ),
  where,
  fields,
}
const tls = (refused: string) =>
  object('TLS details, as PEM text.', {
    ca: text('Certificates of the authorities. Default: those that Node trusts.'),
    cert: text('Our certificate.'),
    key: secret('Our private key.'),
    passphrase: secret('The private key’s passphrase.'),
    rejectUnauthorized: { type: 'boolean', default: true, description: refused },
  })
const time = {
  description:
    'The field with the event time, a long or text in ISO 8601 with a zone, or the path of one inside of records; without it the record’s timestamp. { field, unit } where it is a plain long that is not in milliseconds: s, ms, us or ns. With envelope: debezium also source.ts_ms, with dynamodb dynamodb.ApproximateCreationDateTime: when the database made the change.',
  anyOf: [
    { type: 'string', minLength: 1 },
    object(
      'The field, and what it counts.',
      {
        field: text('The field, or its path.'),
        unit: text('What a plain long counts since 1970. Default: what the schema says, else ms.', {
          enum: ['s', 'ms', 'us', 'ns'],
        }),
      },
      ['field'],
    ),
  ],
}
const startAt = (description: string): object => ({
  type: ['string', 'integer'],
  pattern: '^(earliest|latest|\\d{1,15}|\\d{4}-\\d\\d-\\d\\d[Tt ].*)$',
  minimum: 0,
  maximum: 999_999_999_999_999,
  ...message(
    'is no place to start at; write earliest, latest, a time as 2026-01-31T12:00:00Z, or milliseconds since 1970',
  ),
  description: `${description} earliest, latest, or a time: ISO 8601 with a zone, or milliseconds since 1970.`,
})
const early = (description: string): object =>
  text(
    `${description}: rejected (future_time), dropped and counted, or taken with the record’s own timestamp as its time (timestamp). What is rejected or dropped moves no stream time.`,
    { enum: ['reject', 'drop', 'timestamp'] },
  )
const renamed = {
  type: 'object',
  additionalProperties: { type: 'string', minLength: 1 },
  minProperties: 1,
}
const columns = (description: string) => ({
  description,
  anyOf: [
    {
      type: 'array',
      items: {
        anyOf: [
          { type: 'string', minLength: 1 },
          { ...renamed, maxProperties: 1 },
        ],
      },
      minItems: 1,
    },
    renamed,
  ],
})
const select = columns(
  'The fields to take: a list of names, in it { name: field } for one that gets another name, or a map of such. A field may be a path into records, address.city, and is called by its last part, city, in a list. All without it.',
)
/** Of an output. */
const output = {
  topic: topic('The output topic; created where it does not exist.'),
  format: text(
    'How values are written: in Avro or Protobuf, framed with the id of their schema, or as JSON text. docs/formats.md.',
    { enum: ['avro', 'json', 'protobuf'], default: 'avro' },
  ),
  schema: text(
    'pinned: the schema stays as the window was stored with, until a reset, whatever newer schemas the registry has of the inputs; evolve: a restart takes these, and what is stored comes out with the new fields’ defaults (docs/schema-evolution.md). Or of Protobuf: a .proto file, relative to this file, that keeps the numbers of the fields; `output-schema --write` writes it. Without it the registry keeps them. Default: pinned.',
  ),
  frame: text('Of Protobuf: write none where values are to be messages without a frame.', {
    enum: ['none'],
  }),
  where: text(
    'The condition under which a completed record goes there, in CEL of its fields; others are dropped there, and counted. docs/expressions.md.',
  ),
  fields: derived(
    'Derived fields by name, each an expression in CEL of the completed record’s fields. They come behind the others. docs/expressions.md.',
  ),
  select: columns(
    'The fields that go there, of the completed record: as with the select of a topic. All without it.',
  ),
  key: text(
    'The field of the completed record, or the path of one, whose text is the key, which says the partition. Without it the fact’s key and partition.',
  ),
  schemaId: {
    type: 'integer',
    minimum: 0,
    maximum: 2147483647,
    description:
      'The schema id in the frame of each value in Avro or Protobuf. With a registry: the one that it gives the output’s schema.',
  },
  rejects: topic(
    'The rejects topic (dead letters), one for all outputs. Default: the first output’s topic and .rejects.',
  ),
  compression: text('Compression of output batches.', {
    enum: ['none', 'gzip', 'snappy', 'lz4', 'zstd'],
    default: 'none',
  }),
  topicConfig: object('What the output topic is created with.', {
    ...retention(
      'How long it keeps records, by their event times: what is older goes at once. Default: unlimited.',
    ),
    cleanup: text(
      'delete: what is past retention goes; compact: of each key the last record stays. Records without a key cannot be written then.',
      { enum: ['delete', 'compact', 'compact,delete'] },
    ),
    ...replication,
    settings: kafkaSettings,
  }),
  rejectsConfig: object('What the rejects topic is created with, one for all outputs.', {
    partitions: {
      type: 'integer',
      minimum: 1,
      maximum: 100000,
      description: 'How many partitions it has. Default: as many as the facts’ topic.',
    },
    ...retention('How long it keeps rejects, from when they were rejected. Default: 14d.'),
    ...replication,
    settings: kafkaSettings,
  }),
}
const SEVERAL = 'needs two fields or more; write a single one as text'
const on = {
  description:
    'What is looked up; its text is the dimension record’s key. A field of the fact, also one inside of records (address.country), or a column of another dimension (product.supplier_id). Of a key of several fields (Avro records, JSON objects) a list, or a map of the key’s field to ours.',
  anyOf: [
    { type: 'string', minLength: 1 },
    { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 2, ...message(SEVERAL) },
    {
      type: 'object',
      additionalProperties: { type: 'string', minLength: 1 },
      minProperties: 2,
      ...message(SEVERAL),
    },
  ],
}
const dimension = object(
  'A compacted topic that every instance holds whole.',
  {
    ...input,
    on,
    key: {
      description:
        'The field of the value whose text is the row’s key, in place of the record’s key; a list for a key of several fields. docs/change-data.md.',
      anyOf: [
        { type: 'string', minLength: 1 },
        {
          type: 'array',
          items: { type: 'string', minLength: 1 },
          minItems: 2,
          uniqueItems: true,
          ...message(SEVERAL),
        },
      ],
    },
    select,
    missing: {
      description:
        'What becomes of a fact without a row: null columns, dropped and counted, or rejected; or how long it waits for the row, and what becomes of it then.',
      default: null,
      anyOf: [
        {
          enum: FATES,
          ...message('is not one of null, drop, reject; nor a block, { wait: 5s, then: null }'),
        },
        object(
          'A fact whose look-up finds no row waits for it.',
          {
            wait: duration(
              'How long: until stream time, or without input the wall clock, has moved on by it since.',
              {
                pattern: WAIT,
                minimum: 1,
                ...message('is no time to wait; write 500ms, 5s, 1m or up to 1d'),
              },
            ),
            // biome-ignore lint/suspicious/noThenProperty: the file’s key has this name, and nobody awaits a schema
            then: {
              enum: FATES,
              default: null,
              description:
                'What becomes of it then: null columns, dropped and counted, or rejected.',
            },
          },
          ['wait'],
        ),
      ],
    },
    asOf: text(
      'event-time: a fact gets the row that was valid at its event time. A row is valid from its own time until the next one of its key. Without it a fact gets the row as it is now. docs/joins.md.',
      { enum: ['event-time'] },
    ),
    history: duration(
      'With asOf: how long a row is kept after the next one of its key, by the times of the rows. Default: for ever.',
    ),
    time: {
      ...time,
      description:
        'With asOf: the field with the time from which a row is valid, a long or text in ISO 8601 with a zone; without it, and of deletions, the record’s timestamp. { field, unit } as for facts.',
    },
  },
  ['topic', 'on'],
)

const bothSides = object(
  'The window around the fact.',
  {
    before: duration('How much earlier the right record may be.'),
    after: duration('How much later it may be.'),
  },
  ['before', 'after'],
)

/** A stream that is joined, and how. */
const join = (description: string): object =>
  object(
    description,
    {
      ...input,
      time,
      on: {
        description:
          'The join field, or one for each side; it may be inside of records, `meta.order_id`. It is the topic’s record key, unless repartition names the side: then it may be a derived field, or for the facts a column of a dimension, `station.zone`, or of an earlier join, `payment.refund_id`.',
        anyOf: [
          { type: 'string', minLength: 1 },
          object(
            'A field for each side.',
            { left: text('The fact’s field.'), right: text('The right record’s field.') },
            ['left', 'right'],
          ),
        ],
      },
      within: {
        description: 'How far apart two records may be: a duration, or one for each direction.',
        anyOf: [duration('Both directions.'), bothSides],
      },
      repartition: text(
        'The side whose record key is not the join field: its records go through an internal topic that is keyed by it. Of a later join `facts` is what was joined before, where that is keyed otherwise.',
        { enum: ['facts', 'right', 'both'] },
      ),
      grace: duration('How much longer late records are accepted.', { default: '0s' }),
      kind: text(
        'inner: matches only; left: also facts without a match; right: also right records without one; outer: both.',
        { enum: JOIN_KINDS, default: 'inner' },
      ),
      select,
      headers: text(
        'Whose headers a match has: the fact’s, the right record’s, or the fact’s and then the right record’s. A record that comes out without a match has its own.',
        { enum: ['left', 'right', 'merge'], default: 'left' },
      ),
      idle: duration(
        'Left, right and outer joins: after this long without input all windows close. With repartition: after this long a source partition without input holds nothing back. Default: window + grace.',
      ),
      late: {
        description:
          'What becomes of a late record: it comes out at once, without a match (emit: for a side whose records come out without one, and the default there), is dropped and counted (the default of the others), or rejected. Of both sides, or of each.',
        anyOf: [
          { enum: LATE },
          object('A policy for each side.', {
            left: { enum: LATE, description: 'Of late facts.' },
            right: { enum: LATE, description: 'Of late right records.' },
          }),
        ],
      },
      startAt: startAt(
        'The same of the right topic. Default: as far before the facts’ start as the window reaches.',
      ),
      ahead: duration(
        'How far ahead of the clock an event time of either topic may be; an output topic’s message.timestamp.after.max.ms counts where it is less.',
        { default: '10s' },
      ),
      early: early('What becomes of a record that is further ahead. Default: reject'),
    },
    ['topic', 'on', 'within'],
  )

export const pipelineSchema = {
  $schema: 'http://json-schema.org/draft-07/schema#',
  $id: 'urn:stream-enricher:pipeline:1',
  title: 'stream-enricher pipeline',
  ...object(
    'A pipeline: facts, completed with dimensions, and joined with a second stream where there is one.',
    {
      name: text('Consumer group; prefix of transactional ids and internal topics.', {
        pattern: TOPIC,
        ...message(
          'is no name of a pipeline, which its topics begin with; use letters a to z, digits, dots, - and _',
        ),
      }),
      kafka: object(
        'The Kafka cluster.',
        {
          brokers: {
            description: 'Addresses host:port, as a list or separated by commas.',
            anyOf: [
              { type: 'string', minLength: 1 },
              { type: 'array', items: { type: 'string', minLength: 1 }, minItems: 1 },
            ],
          },
          instanceId: {
            type: ['string', 'null'],
            description:
              'Group instance id (static membership) and end of the transactional id; its own for each instance.',
          },
          clientId: text('The client id that brokers log.', { default: 'stream-enricher' }),
          sessionTimeout: duration('How long a silent instance keeps its tasks.', {
            default: '10s',
          }),
          tls: {
            description: 'TLS: true, or its details.',
            anyOf: [{ type: 'boolean' }, tls('Refuse brokers whose certificate is not trusted.')],
          },
          sasl: {
            ...object(
              'SASL authentication.',
              {
                mechanism: text('The mechanism.', {
                  enum: ['plain', 'scram-sha-256', 'scram-sha-512', 'oauthbearer'],
                }),
                username: text('The user; not for oauthbearer.'),
                password: secret('The password; take it from the environment or a file.'),
                tokenEndpoint: address(
                  'oauthbearer: where tokens are given for the client’s credentials, as https://login/token.',
                ),
                tokenEndpointCa: text(
                  'Certificates of its authorities, as PEM text. Default: those that Node trusts.',
                ),
                clientId: text('oauthbearer: the client.'),
                clientSecret: secret(
                  'oauthbearer: its secret; take it from the environment or a file.',
                ),
                scope: text('What the tokens are to be for; several with spaces between.'),
              },
              ['mechanism'],
            ),
            if: { properties: { mechanism: { const: 'oauthbearer' } }, required: ['mechanism'] },
            // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
            then: { required: ['tokenEndpoint', 'clientId', 'clientSecret'] },
            else: { required: ['username', 'password'] },
          },
        },
        ['brokers'],
      ),
      registry: {
        ...object(
          'A schema registry: one with Confluent’s API, AWS Glue’s or Azure’s; without it every topic names its schema file.',
          {
            type: text(
              'confluent: all is asked by Confluent’s API. apicurio: Apicurio’s global ids are asked by its own, and its ids of 8 bytes are read. glue: that of AWS Glue. azure: that of Azure’s Event Hubs.',
              { enum: ['confluent', 'apicurio', 'glue', 'azure'], default: 'confluent' },
            ),
            url: address(
              'Its address, as http://registry:8081, or https://NAMESPACE.servicebus.windows.net. Of the type confluent with the path of the API, if it has one. Not for glue.',
            ),
            region: text('Type glue: the region of AWS, as eu-central-1.', {
              pattern: '^[a-z]{2,}(-[a-z]+)+-\\d+$',
              ...message('is no region of AWS; write eu-central-1, for instance'),
            }),
            endpoint: address(
              'Type glue: where it is asked, as https://vpce-1.glue.eu-central-1.vpce.amazonaws.com. Default: the region’s own address.',
            ),
            registryName: text(
              'Type glue: the registry that the schemas of topics are in. Default: default-registry.',
            ),
            group: text('Type azure: the group that the schemas of topics are in.'),
            username: text('The user of HTTP basic authentication.'),
            password: secret('The password; take it from the environment or a file.'),
            token: secret('A bearer token, in place of user and password.'),
            useId: text(
              'Type apicurio: which id stands in front of keys and values (apicurio.registry.use-id). Default: contentId where it has 4 bytes, as releases 3.x write it, globalId where it has 8, as 2.x do.',
              { enum: ['contentId', 'globalId'] },
            ),
            tls: tls('Refuse a registry whose certificate is not trusted.'),
          },
        ),
        if: { properties: { type: { const: 'glue' } }, required: ['type'] },
        // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
        then: { required: ['region'] },
        else: { required: ['url'] },
      },
      facts: object(
        'The fact topic; where there is a join, its left side.',
        {
          ...input,
          time,
          select,
          startAt: startAt(
            'Where a group begins that has never committed; the first record whose timestamp is not before a time. Default: earliest.',
          ),
          ahead: duration(
            'How far ahead of the clock an event time may be; an output topic’s message.timestamp.after.max.ms counts where it is less. Default: join.ahead, and without a join any.',
          ),
          early: early(
            'What becomes of a fact that is further ahead. Default: join.early, or reject',
          ),
        },
        ['topic'],
      ),
      dimensions: {
        type: 'object',
        additionalProperties: dimension,
        propertyNames: {
          pattern: TOPIC,
          ...message('is no name of a dimension; use letters a to z, digits, dots, - and _'),
        },
        default: {},
        description: 'Dimensions by name, in the order of their columns in the output.',
      },
      join: join(
        'The second stream, joined inside a time window: the join’s right side. Without it facts come out as soon as they have their rows. `joins` where there are several.',
      ),
      joins: {
        type: 'object',
        minProperties: 1,
        additionalProperties: join('One of the joins.'),
        propertyNames: {
          pattern: TOPIC,
          ...message('is no name of a join; use letters a to z, digits, dots, - and _'),
        },
        description:
          'Joins by name, in place of `join`: what comes out of one is the left side of the next, in the file’s order. Where one compares something else than the join before it, it says repartition: facts.',
      },
      output: object('Where completed records go. `outputs` where there are several.', output, [
        'topic',
      ]),
      outputs: {
        type: 'object',
        minProperties: 1,
        description:
          'Outputs by name, in place of `output`: each completed record goes to all of them, in one transaction.',
        additionalProperties: object('One of the outputs.', output, ['topic']),
      },
      provenance: {
        type: 'boolean',
        default: false,
        description:
          'Whether each completed record says in headers what it was made of: topic, partition, offset and time of the fact and the right record, and where the rows were. docs/provenance.md.',
      },
      state: object('Local state.', {
        dir: text('The state folder.', { default: '/var/lib/stream-enricher' }),
        topicConfig: object('What the changelog topic of a join is created with.', {
          ...replication,
          settings: kafkaSettings,
        }),
      }),
      commit: object('Commits.', {
        intervalMs: {
          type: 'integer',
          minimum: 10,
          maximum: 10000,
          default: 100,
          description: 'Time between two commits, in milliseconds.',
        },
      }),
      memory: object('What the instance may hold in memory.', {
        limit: size('All of it. Default: the container’s limit, or the machine’s memory.'),
        pages: size(
          'Pages of the window in memory. Older ones are on disk, and a match in one of them is read from there. Default: a fifth of the limit, at most 192MiB; without a join, and facts that wait, there are none.',
        ),
        fetch: size(
          'Records that were fetched and wait. Default: 6 % of the limit, at most 64MiB.',
        ),
        epoch: size('What the next commits write. Default: 5 % of the limit, at most 32MiB.'),
        dimensions: size(
          'Rows of all dimensions; a start with more of them ends with an error. Default: what the others leave.',
        ),
      }),
      http: object('Health, metrics, API and status page.', {
        port: {
          type: 'integer',
          minimum: 0,
          maximum: 65535,
          default: 8080,
          description: 'The port; 0 is any free one.',
        },
        host: text('The address to listen on.', { default: '0.0.0.0' }),
        advertise: {
          type: ['string', 'null'],
          pattern: '^([^\\s/:]+|\\[[0-9a-fA-F:]+\\]):\\d{1,5}$|^$',
          ...message('is not host:port; write enricher-0:8080, or [::1]:8080'),
          description:
            'host:port by which other instances and browsers reach this one. Default: POD_HOST of the environment (the chart sets it), or the machine’s name, and the port.',
        },
        token: {
          type: ['string', 'null'],
          writeOnly: true,
          description:
            'What admin requests have to carry as a bearer token; take it from the environment or a file. Without it there are none.',
        },
        readToken: {
          type: 'string',
          // Empty is what a variable that is not set leaves: it would open what somebody meant to close.
          minLength: 1,
          writeOnly: true,
          description:
            'What requests that show keys or contents of records have to carry as a bearer token (that of `token` does as well); `off`: records are shown to nobody. Without it they are shown to whoever reaches the port. Metrics, health and the verdict are open.',
        },
      }),
    },
    ['name', 'kafka', 'facts'],
  ),
}
