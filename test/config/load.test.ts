import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import fc from 'fast-check'
import { parseDocument } from 'yaml'
import { loadPipeline, parsePipeline } from '../../src/config/load.ts'
import { notSupported, WISHES } from '../../src/config/not-supported.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'
import { didYouMean } from '../../src/config/suggest.ts'
import { EnricherError } from '../../src/errors.ts'

const folder = fileURLToPath(new URL('../../examples/orders/', import.meta.url))
const file = join(folder, 'pipeline.yaml')
const scratch = mkdtempSync(join(tmpdir(), 'config-'))
after(() => rmSync(scratch, { recursive: true }))

const BASE: Record<string, string> = {
  name: 'p',
  kafka: '{ brokers: "localhost:9092" }',
  facts: '{ topic: orders, schema: ./schemas/order.avsc }',
  dimensions: '{}',
  join: '{ topic: payments, schema: ./schemas/payment.avsc, on: order_id, within: 60s }',
  output: '{ topic: enriched, schemaId: 5 }',
}

const lineOf = ([key, value]: [string, string]): string => `${key}: ${value}\n`
const textOf = (keys: Record<string, string>): string =>
  Object.entries({ ...BASE, ...keys })
    .map(lineOf)
    .join('')

const parse = (keys: Record<string, string>, env: NodeJS.ProcessEnv = {}): Pipeline =>
  parsePipeline(textOf(keys), file, env)

const joinWith = (more: string): Record<string, string> => ({
  join: `{ topic: payments, schema: ./schemas/payment.avsc, ${more} }`,
})

function faultsOf(text: string, env: NodeJS.ProcessEnv = {}): string[] {
  try {
    parsePipeline(text, file, env)
  } catch (error) {
    assert.ok(error instanceof EnricherError)
    assert.equal(error.code, 'CONFIG_INVALID')
    return error.message.replaceAll(`${file}:`, 'pipeline.yaml:').split('\n')
  }
  return []
}

const DESIGN = `
name: order-enrichment
kafka:
  brokers: \${KAFKA_BROKERS:-localhost:9092}
registry: { url: "\${SCHEMA_REGISTRY_URL}" }
facts:
  topic: orders
  format: avro
  time: ordered_at
dimensions:
  customer:
    topic: customers
    format: avro
    on: customer_id
    select: { customer_name: name, segment: segment, country: country }
    missing: null
  product: { topic: products, format: avro, on: product_id, select: [title, category, brand] }
join:
  topic: payments
  format: avro
  on: order_id
  within: 60s
  grace: 10s
  kind: inner
  select: [method, amount, paid_at]
output: { topic: orders.enriched, format: avro, rejects: orders.rejects }
state: { dir: /var/lib/stream-enricher }
commit: { intervalMs: 100 }
http: { port: 8080 }
`
const same = (...names: string[]) => names.map((name) => ({ name, source: name }))

const lookedUpBy = (field: string) => ({
  on: field,
  parts: [{ name: null, dimension: null, field }],
})

test('the design’s pipeline file becomes a complete and frozen pipeline', () => {
  const pipeline = parsePipeline(DESIGN, file, { SCHEMA_REGISTRY_URL: 'http://registry' })
  const format = { format: 'avro', frame: null, envelope: null } as const
  const plain = { ...format, keyFormat: 'text', keySchema: null } as const
  const event = { time: null, timeUnit: null } as const
  const input = { ...plain, ...event, schema: null, type: null, where: null, fields: [] } as const
  const latest = { asOf: null, historyMs: Number.POSITIVE_INFINITY } as const
  const dimension = { ...input, ...latest, key: [], missing: 'null', waitMs: 0 } as const
  const customer = [{ name: 'customer_name', source: 'name' }, ...same('segment', 'country')]
  const product = same('title', 'category', 'brand')
  const window = { beforeMs: 60_000, afterMs: 60_000, graceMs: 10_000, idleMs: 70_000 }
  const on = { onLeft: 'order_id', onRight: 'order_id' }
  const late = { left: 'drop', right: 'drop' } as const
  const ahead = { aheadMs: 10_000, early: 'reject' } as const
  const times = { late, startAt: null, ...ahead } as const
  const select = same('method', 'amount', 'paid_at')
  const client = { clientId: 'stream-enricher', instanceId: null, sessionTimeoutMs: 10_000 }
  const plainTopic = (...path: string[]) => {
    return { path, partitions: null, replicationFactor: null, config: {} }
  }
  const output: Pipeline['output'] = {
    path: ['output'],
    topic: 'orders.enriched',
    rejects: 'orders.rejects',
    format: 'avro',
    where: null,
    fields: [],
    select: null,
    key: null,
    schema: null,
    schemaId: null,
    frame: null,
    compression: 'none',
    topicConfig: plainTopic('output', 'topicConfig'),
    rejectsConfig: plainTopic('output', 'rejectsConfig'),
  }
  const expected: Pipeline = {
    name: 'order-enrichment',
    kafka: { brokers: ['localhost:9092'], ...client, tls: null, sasl: null },
    registry: {
      type: 'confluent',
      url: 'http://registry',
      username: null,
      password: null,
      token: null,
      useId: null,
      region: null,
      registryName: null,
      group: null,
      tls: null,
    },
    facts: {
      ...input,
      topic: 'orders',
      time: 'ordered_at',
      select: null,
      startAt: 'earliest',
      ...ahead,
    },
    dimensions: [
      {
        ...dimension,
        ...lookedUpBy('customer_id'),
        name: 'customer',
        topic: 'customers',
        select: customer,
      },
      {
        ...dimension,
        ...lookedUpBy('product_id'),
        name: 'product',
        topic: 'products',
        select: product,
      },
    ],
    joins: [
      {
        ...input,
        ...window,
        ...on,
        ...times,
        name: 'right',
        path: ['join'],
        topic: 'payments',
        kind: 'inner',
        headers: 'left',
        repartition: null,
        waitMs: 0,
        select,
      },
    ],
    output,
    outputs: [output],
    evolves: false,
    provenance: false,
    state: {
      dir: '/var/lib/stream-enricher',
      topicConfig: plainTopic('state', 'topicConfig'),
    },
    commit: { intervalMs: 100 },
    memory: { limit: null, pages: null, fetch: null, epoch: null, dimensions: null },
    http: { port: 8080, host: '0.0.0.0', advertise: null, token: null, readToken: null },
  }
  assert.deepEqual(pipeline, expected)
  assert.ok(Object.isFrozen(pipeline) && Object.isFrozen(pipeline.dimensions[0].select?.[0]))
})

test('the example’s pipeline file loads without any variable set, its schemas beside it', () => {
  const {
    facts,
    joins: [right],
  } = loadPipeline(file, {})
  assert.deepEqual([facts.topic, right!.topic], ['demo.orders', 'demo.payments'])
  assert.equal(facts.schema, join(folder, 'schemas', 'order.avsc'))
})

test('all faults are reported at once, in the order of their lines, with the likely key', () => {
  const faults = faultsOf(`# a comment
nam: p
kafka: { brokers: localhost }
facts:
  topic: orders
  schema: ./schemas/order.avsc
  formt: avro
join:
  topic: payments
  schema: ./schemas/payment.avsc
  on: order_id
  within: 60 seconds
  kind: iner
output:
  topic: enriched
  schemaId: five
htpp: { port: 8080 }
`)
  assert.ok(faults.includes('pipeline.yaml:2: nam: unknown key; did you mean "name"?'))
  assert.ok(faults.includes('pipeline.yaml:7: facts.formt: unknown key; did you mean "format"?'))
  assert.ok(faults.includes('pipeline.yaml:17: htpp: unknown key; did you mean "http"?'))
  assert.ok(faults.some((fault) => /:12: join\.within: "60 seconds" is not a duration/.test(fault)))
  assert.ok(faults.some((fault) => /:13: join\.kind: .*did you mean "inner"/.test(fault)))
  assert.ok(faults.some((fault) => /:16: output\.schemaId: /.test(fault)))
  assert.ok(faults.some((fault) => fault.endsWith('the key "name" is missing')))
  const lines = faults.map((fault) => Number(fault.split(':')[1]))
  assert.deepEqual(
    lines,
    lines.toSorted((a, b) => a - b),
  )
})

test('any misspelt top-level key is reported on its own line, wherever it stands', () => {
  fc.assert(
    fc.property(fc.nat({ max: 5 }), fc.nat({ max: 20 }), (position, blanks) => {
      const lines = textOf({}).trimEnd().split('\n')
      lines.splice(position, 0, ...Array<string>(blanks).fill(''), 'commmit: {}')
      const at = position + blanks + 1
      assert.deepEqual(faultsOf(lines.join('\n')), [
        `pipeline.yaml:${at}: commmit: unknown key; did you mean "commit"?`,
      ])
    }),
  )
})

test('keys that contradict one another are all reported', () => {
  const faults = faultsOf(
    textOf({
      facts: '{ topic: orders, schema: ./none.avsc }',
      dimensions: '{ c: { topic: c, on: x, select: [amount] } }',
      ...joinWith('on: order_id, within: 1s, select: [amount]'),
      output: '{ topic: payments, rejects: payments }',
    }),
  ).join('\n')
  assert.match(faults, /:3: facts\.schema: the schema file .*none\.avsc does not exist/)
  assert.match(faults, /:4: dimensions\.c: without a registry the topic needs schema/)
  assert.match(faults, /:5: join\.select: the output name "amount" is already taken by dim.*\.c/)
  assert.match(faults, /:6: output\.topic: is an input too/)
  assert.match(faults, /:6: output\.rejects: is the output topic too/)
  assert.match(faults, /:6: output: without a registry the output needs schemaId/)
})

test('what is wrong with a topic’s settings is told with its line, and what to write', () => {
  const faults = faultsOf(
    `${textOf({})
      .replace(/^output:.*$/m, 'output:')
      .replace(
        'output:',
        OUTPUT_FAULTS,
      )}state: { topicConfig: { retention: 1d, partitions: 3 } }\n`,
  )
  const expected = [
    /:8: output\.topicConfig\.retention: 7 is no time to keep records for; write 12h, 7d or unlimited$/,
    /:9: output\.topicConfig\.cleanup: "compcat" is not one of delete, compact, compact,delete; did/,
    /:10: output\.topicConfig\.partitions: another number of partitions .*not supported; leave it out/,
    /:12: output\.topicConfig\.settings\.retention\.ms: has a key of its own: write retention,/,
    /:13: output\.topicConfig\.settings\.segment\.byte: unknown key; did you mean "segment\.bytes"\?$/,
    /:14: output\.topicConfig\.settings\.segment\.ms: "soon" is not a duration/,
    /:16: output\.rejectsConfig\.retention: "forever" is no time to keep records for/,
    /state\.topicConfig\.retention: unknown key/,
    /state\.topicConfig\.partitions: unknown key/,
  ]
  for (const wanted of expected) {
    assert.ok(
      faults.some((fault) => wanted.test(fault)),
      `${wanted}\n${faults.join('\n')}`,
    )
  }
})

const OUTPUT_FAULTS = `output:
  topicConfig:
    retention: 7
    cleanup: compcat
    partitions: 3
    settings:
      retention.ms: 7d
      segment.byte: 5
      segment.ms: soon
  rejectsConfig:
    retention: forever
  topic: out
  schemaId: 5`

test('a column of a dimension is the join field of facts that are repartitioned, and of no right record', () => {
  const faults = (on: string, more = ''): string[] =>
    faultsOf(
      textOf({
        dimensions:
          '{ station: { topic: stations, schema: ./schemas/customer.avsc, on: station_id } }',
        ...joinWith(`on: ${on}, within: 1h${more}`),
      }),
    )
  const both = '{ left: station.zone, right: zone }'
  assert.deepEqual(faults(both, ', repartition: facts'), [])
  assert.deepEqual(faults(both, ', repartition: both'), [])
  const what = 'station.zone is a column of the dimension station'
  assert.match(faults(both)[0], /^[^:]+:\d+: join\.on: /)
  const says = (list: string[], ...wanted: string[]): void => {
    assert.deepEqual(
      list.map((fault) => fault.replace(/^[^ ]+ join\.on: /, '')),
      wanted,
    )
  }
  says(faults(both), `${what}, so no fact is keyed by it; write repartition: facts under join`)
  says(
    faults(both, ', repartition: right'),
    `${what}, so no fact is keyed by it; write repartition: both under join`,
  )
  says(
    faults('station.zone', ', repartition: facts'),
    `${what}, and no field of payments; write on: { left: …, right: … }, with the field of payments`,
  )
})

test('settings of a topic that contradict one another are refused', () => {
  const output = (said: string): string[] =>
    faultsOf(textOf({ output: `{ topic: out, schemaId: 5, topicConfig: { ${said} } }` }))
  assert.match(
    output('minInsync: 3, replicationFactor: 2')[0],
    /output\.topicConfig\.minInsync: is more than replicationFactor, 2: nothing could be written$/,
  )
  assert.match(
    output('cleanup: compact, retention: 7d')[0],
    /output\.topicConfig\.retention: is for cleanup: delete, or compact,delete/,
  )
  assert.deepEqual(
    topicSettings('minInsync: 2, replicationFactor: 3, cleanup: "compact,delete", retention: 7d'),
    {
      path: ['output', 'topicConfig'],
      partitions: null,
      replicationFactor: 3,
      config: {
        'retention.ms': '604800000',
        'min.insync.replicas': '2',
        'cleanup.policy': 'compact,delete',
      },
    },
  )
  assert.deepEqual(topicSettings('retention: unlimited, retentionBytes: unlimited').config, {
    'retention.ms': '-1',
    'retention.bytes': '-1',
  })
})

const topicSettings = (said: string) =>
  parsePipeline(
    textOf({ output: `{ topic: out, schemaId: 5, topicConfig: { ${said} } }` }),
    file,
    {},
  ).output.topicConfig

test('broken YAML, a key given twice and an unreadable file are faults like others', () => {
  assert.match(faultsOf('name: p\nkafka: [')[0], /^pipeline\.yaml:\d: /)
  assert.match(faultsOf(`${textOf({})}name: q\n`)[0], /^pipeline\.yaml:7: this key is there twice/)
  assert.throws(() => loadPipeline(join(scratch, 'none.yaml'), {}), { code: 'CONFIG_INVALID' })
})

test('a realistic mistake gets one line, which says what to write', () => {
  const faults: [Record<string, string>, RegExp][] = [
    [
      { kafka: '{ brokers: localhost }' },
      /:2: kafka\.brokers: "localhost" is not host:port; write/,
    ],
    [{ kafka: '{ brokers: "${NONE}" }' }, /:2: NONE: \$\{NONE\} is not set/],
    [{ facts: 'orders' }, /:3: facts: must be a block of keys, and is text$/],
    [{ commit: '{ intervalMs: fast }' }, /:7: .*must be a whole number, and is text$/],
    [{ name: '5' }, /:1: name: must be text, and is a number; put it in quotes$/],
    [joinWith('on: order_id, within: 10 minutes'), /:5: join\.within: .* write 250ms/],
    [
      joinWith('on: order_id, within: { before: 5x, after: 1s }'),
      /:5: join\.within\.before: "5x" is not a duration/,
    ],
    [
      joinWith('on: order_id, within: 1s, time: { field: at, unit: m }'),
      /:5: join\.time\.unit: "m" is not one of s, ms, us, ns/,
    ],
    [joinWith('on: order_id, within: 60'), /:5: join\.within: 60 has no unit; write 60s, or 60ms$/],
    [{ name: 'my pipeline' }, /:1: name: "my pipeline" is no name of a pipeline, .*; use letters/],
    [
      { memory: '{ limit: 2GB }' },
      /:7: memory\.limit: "2GB" is not a size; write .*; did you mean "2GiB"\?$/,
    ],
    [{ http: '{ port: 80800 }' }, /:7: http\.port: 80800 is too large: the most is 65535$/],
    [
      joinWith('on: order_id, within: 1s, select: [a, b, a]'),
      /:5:99: join\.select\.2: a is there twice; take it once$/,
    ],
    [joinWith('on: order_id, within: 1s, select: []'), /:5: join\.select: is empty$/],
    [{ kafka: '{ brokers: ${BROKERS} }' }, /:2: .*; inside of \{ \} a variable needs quotes/],
    [{ facts: '[a' }, /:4: .*; look at indentation and brackets/],
    [{ facts: '\n\ttopic: a' }, /:4: there is a tab; indent with spaces$/],
  ]
  for (const [keys, message] of faults) {
    const found = faultsOf(textOf(keys))
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0], message)
  }
})

test('a variable that has something else than is wanted is named with its value, unless it is a secret', () => {
  const text = textOf({ http: '{ port: "${HTTP_PORT:-8080}", token: "${TOKEN}" }' })
  assert.deepEqual(faultsOf(text, { HTTP_PORT: 'abc', TOKEN: 'x' }), [
    'pipeline.yaml:7: http.port: must be a whole number, and is "abc", as ${HTTP_PORT:-8080} is',
  ])
  assert.deepEqual(faultsOf(text, { HTTP_PORT: '99999', TOKEN: 'x' }), [
    'pipeline.yaml:7: http.port: 99999 is too large: the most is 65535; it is of ${HTTP_PORT:-8080}',
  ])
})

test('a duration without a unit gets one proposed, as a number and as text', () => {
  const graceOf = (text: string): string[] =>
    faultsOf(textOf(joinWith(`on: a, within: 60s, grace: ${text}`)))
  assert.deepEqual(graceOf('5'), ['pipeline.yaml:5: join.grace: 5 has no unit; write 5s, or 5ms'])
  assert.deepEqual(graceOf('"5"'), [
    'pipeline.yaml:5: join.grace: "5" has no unit; write 5s, or 5ms',
  ])
  assert.match(graceOf('-5')[0], /is not a duration; write 250ms, 10s, 5m, 1h or 7d/)
})

test('a file that cannot be read is named as it was given, with what it is', () => {
  const messageOf = (path: string): string => {
    try {
      loadPipeline(path, {})
    } catch (error) {
      return (error as Error).message
    }
    return ''
  }
  assert.equal(
    messageOf('no/such.yaml'),
    'The pipeline file no/such.yaml does not exist; correct its name',
  )
  assert.equal(messageOf('examples'), 'The pipeline file examples is a folder; correct its name')
  const bad = join(scratch, 'bad.yaml')
  writeFileSync(bad, 'nam: p\n')
  assert.ok(messageOf(bad).startsWith(`${bad}:1: `), messageOf(bad))
})

test('a file of test cases, where a pipeline file is wanted, is told to be one', () => {
  const given = 'examples/orders/pipeline.test.yaml'
  assert.throws(() => loadPipeline(given, {}), {
    code: 'CONFIG_INVALID',
    message: `${given} has test cases, and a pipeline file is wanted: the one that it names with \`pipeline:\`, here pipeline.yaml. The cases are run by \`stream-enricher test ${given}\``,
  })
})

test('a variable that is set to nothing is named where the value may not be empty', () => {
  const text = textOf({ kafka: '{ brokers: "${KAFKA_BROKERS}" }' })
  assert.deepEqual(faultsOf(text, { KAFKA_BROKERS: '' }), [
    'pipeline.yaml:2: kafka.brokers: is empty, as ${KAFKA_BROKERS} is',
  ])
})

test('what other tools have and this one has not is refused with the way round, not as a misspelt key', () => {
  for (const { at, values = [undefined], what, instead } of WISHES) {
    const path = at.replace('*', 'customer').split('.')
    for (const value of values) {
      const raw = value === 'a list' ? ['a', 'b'] : value === 'a block of keys' ? { a: 1 } : value
      assert.equal(notSupported(path, raw), `${what}: not supported; ${instead}`)
      const document = parseDocument(
        textOf({
          dimensions: '{ customer: { topic: c, on: x, schema: ./schemas/customer.avsc } }',
        }),
      )
      if (path[0] === 'registry') document.setIn(['registry', 'url'], 'http://registry')
      document.setIn(path, raw ?? { a: 1 })
      const faults = faultsOf(document.toString())
      assert.equal(faults.length, 1, faults.join('\n'))
      assert.match(faults[0], /^pipeline\.yaml:\d+: /)
      assert.ok(
        faults[0].endsWith(`${path.join('.')}: ${what}: not supported; ${instead}`),
        faults[0],
      )
    }
  }
})

test('what one output has not, none of several has', () => {
  const outputs = '{ all: { topic: o, schemaId: 5, headers: merge } }'
  const faults = faultsOf(textOf({ outputs }).replace(/^output:.*\n/m, ''))
  assert.equal(faults.length, 1, faults.join('\n'))
  assert.match(faults.join('\n'), /outputs\.all\.headers: headers of the output: not supported; /)
})

test('an output in JSON has no schema id, and needs none', () => {
  const json = (more: string) => `{ all: { topic: o, format: json${more} } }`
  const without = textOf({ outputs: json('') }).replace(/^output:.*\n/m, '')
  assert.deepEqual(faultsOf(without), [])
  const faults = faultsOf(textOf({ outputs: json(', schemaId: 5') }).replace(/^output:.*\n/m, ''))
  assert.deepEqual(faults, [
    'pipeline.yaml:6: outputs.all.schemaId: is of a frame, which JSON has not; leave it out',
  ])
})

test('an output in Protobuf needs who keeps its numbers, and a schema id unless values have no frame', () => {
  const of = (more: string): readonly string[] =>
    faultsOf(textOf({ output: `{ topic: o, format: protobuf${more} }` })).map((fault) =>
      fault.replace(/^pipeline.yaml:\d+: /, ''),
    )
  const [id, numbers, ...others] = of('')
  assert.deepEqual(others, [])
  assert.match(id, /^output: without a registry the output needs schemaId/)
  assert.match(numbers, /^output: without a registry the output needs schema, a \.proto file/)
  assert.deepEqual(of(', schema: not-there-yet.proto, schemaId: 5'), [])
  assert.deepEqual(of(', schema: not-there-yet.proto, frame: none'), [])
  assert.match(of(', schema: o.proto, schemaId: 5, frame: none').join(), /^output.schemaId: is of/)
  const avro = faultsOf(
    textOf({ output: '{ topic: o, schemaId: 5, frame: none, schema: o.proto }' }),
  )
  assert.equal(avro.length, 2)
  assert.ok(avro.every((fault) => /is of outputs in Protobuf; .*leave it out$/.test(fault)))
})

test('a dimension’s name is a folder’s, too, and the pipeline’s changelog is nobody else’s topic', () => {
  const dimension =
    '{ topic: c, schema: ./schemas/customer.avsc, on: customer_id, select: [segment] }'
  for (const name of ['../../evil', '..', 'a/b', 'a~b', 'x'.repeat(300)]) {
    const faults = faultsOf(textOf({ dimensions: `{ "${name}": ${dimension} }` }))
    assert.equal(faults.length, 1, faults.join('\n'))
    assert.ok(
      faults[0].startsWith(`pipeline.yaml:4: dimensions.${name}: "${name}" is no name of a dim`),
    )
  }
  const own = 'p-window-changelog'
  for (const [keys, path] of [
    [{ output: `{ topic: ${own}, schemaId: 5 }` }, 'output.topic'],
    [{ output: `{ topic: o, rejects: ${own}, schemaId: 5 }` }, 'output.rejects'],
    [{ facts: `{ topic: ${own}, schema: ./schemas/order.avsc }` }, 'facts.topic'],
  ] as const) {
    assert.ok(
      faultsOf(textOf(keys)).some((fault) =>
        fault.endsWith(`${path}: is the pipeline's own changelog topic`),
      ),
    )
  }
  assert.match(
    faultsOf(textOf({ output: '{ topic: "..", schemaId: 5 }' }))[0],
    /no name for a topic/,
  )
})

test('no fault that a definition finds is a pattern, or in the words of JSON Schema', () => {
  const faults = faultsOf(`name: a b
kafka: { brokers: [], sessionTimeout: soon, sasl: {} }
registry: { url: x }
facts: { topic: "", time: { field: 1 }, type: "a/b" }
dimensions: { c: { topic: c, on: "", select: {} } }
join: { topic: j, on: {}, within: { before: -1s }, late: { left: never }, ahead: 5 }
output: { topic: o, schemaId: -1 }
memory: { limit: 1.5GiB, pages: -1 }
http: { advertise: a, port: -1 }
`)
  assert.ok(faults.length > 20)
  for (const fault of faults) assert.doesNotMatch(fault, /must NOT|must match|\^|must be [<>]/)
})

const saslWith = (more: string): Record<string, string> => ({
  kafka: `{ brokers: "b:1", sasl: { ${more} } }`,
})
const CLIENT = 'mechanism: oauthbearer, clientId: c, clientSecret: s'

test('a client that signs in with tokens names where they are given', () => {
  const sasl = (more: string) => parse(saslWith(`${CLIENT}, tokenEndpoint: "https://t/x"${more}`))
  const client = { mechanism: 'oauthbearer', clientId: 'c', clientSecret: 's' }
  const given = { ...client, tokenEndpoint: 'https://t/x', tokenEndpointCa: null, scope: null }
  assert.deepEqual(sasl('').kafka.sasl, given)
  const more = { tokenEndpointCa: 'PEM', scope: 'a b' }
  assert.deepEqual(sasl(', tokenEndpointCa: PEM, scope: a b').kafka.sasl, { ...given, ...more })
})

test('each mechanism of SASL asks for its own settings, and refuses those of others', () => {
  const faults: [string, RegExp][] = [
    [CLIENT, /:2: kafka\.sasl: the key "tokenEndpoint" is missing$/],
    [
      `${CLIENT}, tokenEndpoint: "https://t", username: u`,
      /:2: kafka\.sasl\.username: is not for oauthbearer; leave it out$/,
    ],
    ['mechanism: plain, username: u', /:2: kafka\.sasl: the key "password" is missing$/],
    [
      'mechanism: plain, username: u, password: p, scope: s',
      /:2: kafka\.sasl\.scope: is not for plain; leave it out$/,
    ],
    [
      'mechanism: oauth, username: u, password: p',
      /:2: kafka\.sasl\.mechanism: "oauth" is not one of .*oauthbearer/,
    ],
    [`${CLIENT}, tokenEndpoint: "https://user:hush@t"`, /:2: kafka\.sasl\.tokenEndpoint: /],
  ]
  for (const [more, message] of faults) {
    const found = faultsOf(textOf(saslWith(more)))
    assert.equal(found.length, 1, found.join('\n'))
    assert.match(found[0], message)
    assert.doesNotMatch(found[0], /hush/)
  }
})

test('the registry’s address has no credentials in it, for where it is named they would be, too', () => {
  const faults = faultsOf(textOf({ registry: '{ url: "https://bob:hush@registry:8081" }' }))
  assert.deepEqual(faults, [
    'pipeline.yaml:7: registry.url: must be an http:// or https:// address without credentials, which have keys of their own',
  ])
})

test('a message never shows a value that may be secret', () => {
  const faults = faultsOf(
    textOf({
      kafka: '{ brokers: "b:1", sasl: { mechanism: plain, username: u, password: 4711 } }',
    }),
  )
  assert.deepEqual(faults, [
    'pipeline.yaml:2: kafka.sasl.password: must be text, and is a number; put it in quotes',
  ])
})

test('a variable’s value never changes the file’s structure', () => {
  const nasty = fc.string({
    unit: fc.constantFrom('"', "'", ':', ' ', '{', '}', '[', ',', '#', '&', '*', '|', '-', 'a'),
    minLength: 1,
    maxLength: 12,
  })
  const templates = fc.constantFrom('${V}', '"${V}"', "'${V}'")
  fc.assert(
    fc.property(nasty, templates, (value, template) => {
      const text = `${textOf({})}state:\n  dir: ${template}\n`
      assert.equal(parsePipeline(text, file, { V: `x${value}x` }).state.dir, `x${value}x`)
    }),
  )
})

test('a file’s text may have any characters and stays text', () => {
  const path = join(scratch, 'secret')
  const content = fc.oneof(fc.string({ unit: 'grapheme', minLength: 1 }), fc.constant('123'))
  fc.assert(
    fc.property(content, (secret) => {
      fc.pre(!/\r?\n$/.test(secret))
      writeFileSync(path, `${secret}\n`)
      const sasl = `{ mechanism: plain, username: u, password: "\${file:${path}}" }`
      const { kafka } = parse({ kafka: `{ brokers: "b:9092", sasl: ${sasl} }` })
      assert.deepEqual(kafka.sasl, { mechanism: 'plain', username: 'u', password: secret })
    }),
  )
})

test('any text of a variable survives wherever the file has text', () => {
  const line = fc
    .string({ unit: 'grapheme', minLength: 1 })
    // The file has fields, and a dimension, of these names.
    .filter((text) => !text.includes('\n') && !/^[abd](\.|$)/.test(text))
  const number = fc.oneof(
    fc.bigInt().map(String),
    fc.double().map(String),
    fc.stringMatching(/^0[xo]?\d{1,12}$/),
    fc.stringMatching(/^\d{1,6}e\d{1,6}$/),
  )
  const word = fc.constantFrom(
    'null',
    '~',
    'true',
    'False',
    '.inf',
    '.nan',
    '2025-01-01',
    '[a]',
    '{}',
  )
  fc.assert(
    fc.property(
      fc.oneof(line, number, word),
      fc.constantFrom("'${V}'", '"${V}"'),
      (text, value) => {
        const sasl = `{ mechanism: plain, username: ${value}, password: ${value} }`
        const pipeline = parse(
          {
            kafka: `{ brokers: "b:1", instanceId: ${value}, sasl: ${sasl} }`,
            http: `{ token: ${value} }`,
            state: '\n  dir: ${V}',
            dimensions: `{ d: { topic: d, schema: ./schemas/order.avsc, on: ${value}, select: { a: ${value} } } }`,
            ...joinWith(`on: { left: ${value}, right: b }, within: 1s, select: [b, ${value}]`),
          },
          { V: text },
        )
        const {
          kafka,
          http,
          state,
          dimensions,
          joins: [right],
        } = pipeline
        const found = [kafka.instanceId, http.token, state.dir]
        assert.deepEqual(kafka.sasl, { mechanism: 'plain', username: text, password: text })
        const fields = [dimensions[0].on, dimensions[0].select?.[0].source, right!.onLeft]
        for (const one of [...found, ...fields, right!.select?.[1].source]) assert.equal(one, text)
      },
    ),
  )
})

test('a container’s id of digits is an instance id, and a topic may be named by a number', () => {
  for (const id of ['123456789012', '12e456789012', '000000000012']) {
    const { kafka, facts } = parse(
      {
        kafka: '{ brokers: ["${HOST}:1"], instanceId: "${HOSTNAME:-}" }',
        facts: '{ topic: "${TOPIC}", schema: ./schemas/order.avsc }',
      },
      { HOSTNAME: id, HOST: '10', TOPIC: '0012' },
    )
    assert.deepEqual([kafka.instanceId, kafka.brokers, facts.topic], [id, ['10:1'], '0012'])
  }
})

test('defaults and messages apply to variables that are unset or empty', () => {
  const dir = (template: string, env: NodeJS.ProcessEnv): string =>
    parse({ state: `{ dir: "${template}" }` }, env).state.dir
  assert.equal(dir('${V:-/data}/x', {}), '/data/x')
  assert.equal(dir('${V:-/data}/x', { V: '' }), '/data/x')
  assert.equal(dir('${V:-/data}/${W}', { V: 'v', W: 'w' }), 'v/w')
  assert.equal(dir('${V:?say where}', { V: '/v' }), '/v')
  const fault = (template: string, env: NodeJS.ProcessEnv = {}): string =>
    faultsOf(textOf({ state: `{ dir: "${template}" }` }), env)[0]
  assert.equal(fault('${V:?say where}', { V: '' }), 'pipeline.yaml:7: V: ${V} say where')
  assert.equal(fault('${V}'), 'pipeline.yaml:7: V: ${V} is not set, and has no default')
  assert.match(
    fault('${file:/no/such/file}'),
    /^pipeline\.yaml:7: \/no\/such\/file: \$\{file:\/no\/such\/file\} cannot be had: the file does not exist$/,
  )
  assert.match(fault('${V}', { V: 'a\nb' }), /^pipeline\.yaml:7: V: .*newline/)
})

test('keys and comments are not substituted, and numbers and truth become what they say', () => {
  const tls = (text: string) =>
    parse({ kafka: '{ brokers: "b:1", tls: "${TLS}" }' }, { TLS: text }).kafka.tls
  assert.deepEqual([tls('true'), tls('false')], [{ rejectUnauthorized: true }, null])
  assert.equal(parse({ memory: '{ pages: "${P}" }' }, { P: '4096' }).memory.pages, 4096)
  assert.equal(parse(joinWith('on: x, within: "${W}"'), { W: '0' }).joins[0].beforeMs, 0)
  assert.match(faultsOf(`${textOf({})}\${V}: 1 # \${W}\n`, { V: 'http' })[0], /:7: .*unknown key/)
  assert.equal(parse({ http: '{ port: "${PORT}" }' }, { PORT: '9090' }).http.port, 9090)
  assert.match(faultsOf(textOf({ http: '{ port: "${P}" }' }), { P: 'x' })[0], /http\.port/)
})

test('a duration is a count and a unit', () => {
  const units = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 }
  const unit = fc.constantFrom(...Object.entries(units))
  fc.assert(
    fc.property(fc.nat({ max: 10_000 }), unit, (count, [name, factor]) => {
      const { beforeMs, graceMs } = parse(
        joinWith(`on: x, within: ${count}${name}, grace: ${count}${name}`),
      ).joins[0]
      assert.deepEqual([beforeMs, graceMs], [count * factor, count * factor])
    }),
  )
  assert.equal(parse(joinWith('on: x, within: 0')).joins[0].afterMs, 0)
  for (const wrong of ['5', '-1s', '1.5s', '1 s', '5w', 's', '""', 'true', '5S'])
    assert.match(
      faultsOf(textOf(joinWith(`on: x, within: ${wrong}`)))[0],
      /:5: join\.within/,
      wrong,
    )
})

test('numbers are accepted up to their bounds and refused behind them', () => {
  const cases: [string, string, number, number][] = [
    ['commit', 'intervalMs', 10, 10_000],
    ['http', 'port', 0, 65_535],
    ['output', 'topic: enriched, schemaId', 0, 2_147_483_647],
  ]
  for (const [key, name, least, most] of cases) {
    for (const value of [least, most])
      assert.deepEqual(faultsOf(textOf({ [key]: `{ ${name}: ${value} }` })), [])
    for (const value of [least - 1, most + 1, least + 0.5])
      assert.match(faultsOf(textOf({ [key]: `{ ${name}: ${value} }` }))[0], new RegExp(`: ${key}`))
  }
})

test('the output has any compression that Kafka has', () => {
  const output = (more: string): Record<string, string> => ({
    output: `{ topic: enriched, schemaId: 5, compression: ${more} }`,
  })
  for (const name of ['none', 'gzip', 'snappy', 'lz4', 'zstd'])
    assert.equal(parse(output(name)).output.compression, name)
  assert.match(
    faultsOf(textOf(output('snapy')))[0],
    /:6: output\.compression: "snapy" is not one of none, gzip, snappy, lz4, zstd; did you mean "snappy"\?$/,
  )
})

test('time has a short and a long form', () => {
  const timeOf = (more: string): [string | null, string | null] => {
    const { time, timeUnit } = parse(joinWith(`on: id, within: 1s${more}`)).joins[0]
    return [time, timeUnit]
  }
  assert.deepEqual(timeOf(''), [null, null])
  assert.deepEqual(timeOf(', time: at'), ['at', null])
  assert.deepEqual(timeOf(', time: { field: at }'), ['at', null])
  assert.deepEqual(timeOf(', time: { field: at, unit: us }'), ['at', 'us'])
})

test('select, within and on have a short and a long form', () => {
  const long = parse(
    joinWith('on: { left: id, right: ref }, within: { before: 5s, after: 1m }, select: { a: b }'),
  ).joins[0]
  assert.deepEqual([long.onLeft, long.onRight], ['id', 'ref'])
  assert.deepEqual([long.beforeMs, long.afterMs, long.idleMs], [5000, 60_000, 60_000])
  assert.deepEqual(long.select, [{ name: 'a', source: 'b' }])
  const short = parse(joinWith('on: id, within: 5s, select: [b, a]')).joins[0]
  assert.deepEqual([short.onLeft, short.onRight], ['id', 'id'])
  assert.deepEqual([short.beforeMs, short.afterMs], [5000, 5000])
  assert.deepEqual(short.select, same('b', 'a'))
  assert.equal(parse(joinWith('on: id, within: 5s')).joins[0].select, null)
  for (const wrong of ['on: { left: id }, within: 1s', 'on: id, within: { before: 1s }'])
    assert.ok(faultsOf(textOf(joinWith(wrong))).some((fault) => /is missing$/.test(fault)))
  assert.match(faultsOf(textOf(joinWith('on: id, within: 1s, select: []')))[0], /join\.select/)
})

const words = ['topic', 'format', 'schema', 'within', 'compression']

test('a word with one wrong letter suggests the right one', () => {
  const letter = fc.constantFrom(...'abcxyz')
  const edit = fc.constantFrom<(word: string, at: number, letter: string) => string>(
    (word, at, by) => word.slice(0, at) + by + word.slice(at),
    (word, at, by) => word.slice(0, at) + by + word.slice(at + 1),
    (word, at) => word.slice(0, at) + word.slice(at + 1),
    (word) => word.toUpperCase(),
  )
  fc.assert(
    fc.property(fc.constantFrom(...words), edit, fc.nat(), letter, (word, change, at, by) => {
      const wrong = change(word, at % word.length, by)
      assert.equal(didYouMean(wrong, words), `; did you mean "${word}"?`)
    }),
  )
})

test('a word that is like none suggests none', () => {
  assert.equal(didYouMean('elephant', words), '')
  assert.equal(didYouMean('topic', []), '')
})

test('one output or several: what contradicts itself is told at its place, all at once', () => {
  const two = (more: string): readonly string[] =>
    faultsOf(textOf({ output: '{ topic: o, schemaId: 5 }', outputs: more }))
  const ends = (faults: readonly string[], wanted: readonly string[]): void => {
    assert.equal(faults.length, wanted.length, faults.join('\n'))
    for (const [i, text] of wanted.entries()) assert.ok(faults[i].endsWith(text), faults[i])
  }
  ends(two('{ a: { topic: x, schemaId: 5 } }'), [
    'outputs: stands beside output; write it below outputs, with a name of its own',
  ])
  const several = textOf({
    outputs:
      '{ a: { topic: x, schemaId: 5, rejects: r }, b: { topic: x, rejects: r }, c: { topic: r, schemaId: 6 } }',
  }).replace(/^output:.*\n/m, '')
  ends(faultsOf(several), [
    'outputs.b.rejects: is of all outputs, and stands below another already; leave it out here',
    'outputs.b.topic: is another output’s too; write to one of its own',
    'outputs.a.rejects: is the output topic too',
    'outputs.b: without a registry the output needs schemaId, the id for its frame',
  ])
  const settings = textOf({
    outputs:
      '{ a: { topic: x, schemaId: 5, rejectsConfig: { retention: 1d } }, b: { topic: y, schemaId: 5, rejectsConfig: { retention: 2d }, topicConfig: { minInsync: 2, replicationFactor: 1 } } }',
  }).replace(/^output:.*\n/m, '')
  ends(faultsOf(settings), [
    'outputs.b.rejectsConfig: is of all outputs, and stands below another already; leave it out here',
    'outputs.b.topicConfig.minInsync: is more than replicationFactor, 1: nothing could be written',
  ])
  const none = textOf({}).replace(/^output:.*\n/m, '')
  ends(faultsOf(none), ['has no output; write output: { topic: … }'])
})
