/** The pipeline of examples/orders, in each shape that a pipeline may have. */
import { readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { parse, stringify } from 'yaml'
import type { Job } from './catch-up.ts'
import type { Loaded } from './kafka-streams.ts'
import { ROOT, temporaryFolder } from './process.ts'
import { PIPELINE } from './service.ts'

interface Topic {
  topic: string
  schema?: string
  format: string
  [key: string]: unknown
}

/** What of the file is changed here. */
interface PipelineFile {
  facts: Topic
  dimensions: Record<string, Topic>
  join?: Topic
  joins?: Record<string, Topic>
  output: { format: string; schemaId?: number }
}

export interface Shape {
  readonly name: string
  /** What it is compared with: the same pipeline without it. */
  readonly base: string
  /** Whether an order without its payment comes out, too. */
  readonly keepsUnpaid?: boolean
  readonly job: (loaded: Loaded) => Omit<Job, 'peer'>
  change(file: PipelineFile): void
}

const joined: Shape['job'] = ({ orders, payments }) => ({
  inputs: { orders, payments },
  outputs: payments,
})
const enriched: Shape['job'] = ({ orders }) => ({ inputs: { orders }, outputs: orders })

/** The same records in topics that end so. */
function inFormat(format: string): Shape['job'] {
  return ({ orders, payments }) => ({
    inputs: { [`orders-${format}`]: orders, [`payments-${format}`]: payments },
    outputs: payments,
  })
}

const PROTO = join(ROOT, 'bench/kafka-streams/src/main/proto')
/** Messages, by the topic that has them. */
const MESSAGES: Readonly<Record<string, string>> = {
  orders: 'Order',
  payments: 'Payment',
  customers: 'Customer',
  products: 'Product',
}

const kindOf = (kind: string): Shape['change'] => {
  return ({ join: of }) => {
    of!.kind = kind
  }
}

const EXPRESSIONS = {
  total: 'quantity * price',
  ordered_day: 'truncate(ordered_at, "day")',
  tariff_key: 'channel + "-" + string(quantity)',
}

/** The two that others are compared with come first. */
export const SHAPES: readonly Shape[] = [
  { name: 'joined', base: 'joined', job: joined, change: () => {} },
  {
    name: 'enriched',
    base: 'enriched',
    job: enriched,
    change(file) {
      delete file.join
    },
  },
  {
    name: 'where',
    base: 'joined',
    job: joined,
    change({ facts }) {
      facts.where = 'price > 0.0 && channel != "test"'
    },
  },
  {
    name: 'fields',
    base: 'joined',
    job: joined,
    change({ facts }) {
      facts.fields = EXPRESSIONS
    },
  },
  { name: 'right', base: 'joined', job: joined, change: kindOf('right') },
  { name: 'outer', base: 'joined', keepsUnpaid: true, job: joined, change: kindOf('outer') },
  {
    name: 'joins',
    base: 'joined',
    job: ({ orders, payments }) => ({
      inputs: { orders, payments, receipts: payments },
      outputs: payments,
    }),
    change(file) {
      const payment = file.join!
      delete file.join
      const receipt = {
        ...payment,
        topic: topicOf('receipts'),
        select: { receipt_amount: 'amount' },
      }
      file.joins = { payment, receipt }
    },
  },
  {
    name: 'repartitioned',
    base: 'joined',
    job: ({ orders, payments }) => ({
      inputs: { orders, 'payments-by-number': payments },
      outputs: payments,
    }),
    change({ join: of }) {
      of!.topic = topicOf('payments-by-number')
      of!.repartition = 'right'
    },
  },
  {
    name: 'as-of',
    base: 'enriched',
    job: enriched,
    change(file) {
      delete file.join
      file.dimensions.product.topic = topicOf('product-versions')
      file.dimensions.product.asOf = 'event-time'
    },
  },
  {
    name: 'json',
    base: 'joined',
    job: inFormat('json'),
    change(file) {
      for (const topic of topicsOf(file)) {
        delete topic.schema
        topic.format = 'json'
        topic.topic += '-json'
      }
      delete file.output.schemaId
      file.output.format = 'json'
    },
  },
  {
    name: 'protobuf',
    base: 'joined',
    job: inFormat('protobuf'),
    change(file) {
      for (const topic of topicsOf(file)) {
        topic.type = MESSAGES[topic.topic.split('.').at(-1)!]
        topic.schema = join(PROTO, 'workload.proto')
        topic.format = 'protobuf'
        topic.frame = 'none'
        topic.topic += '-protobuf'
      }
      delete file.output.schemaId
      const schema = join(PROTO, 'enriched.proto')
      Object.assign(file.output, { format: 'protobuf', frame: 'none', schema })
    },
  },
]

const topicsOf = ({ facts, join: of, dimensions }: PipelineFile): Topic[] => [
  facts,
  of!,
  ...Object.values(dimensions),
]

const topicOf = (name: string): string => `\${TAG:-demo}.${name}`

/** Writes the shape's pipeline file. @returns where it is */
export function pipelineOf({ name, change }: Shape): string {
  const example = join(ROOT, PIPELINE)
  const file = parse(readFileSync(example, 'utf8')) as PipelineFile
  for (const topic of topicsOf(file)) {
    topic.schema = resolve(dirname(example), topic.schema!)
  }
  change(file)
  const path = join(temporaryFolder(), `${name}.yaml`)
  writeFileSync(path, stringify(file))
  return path
}
