import { parsePipeline } from '../../src/config/load.ts'
import type { Pipeline } from '../../src/config/pipeline.ts'

const DIMENSIONS = 'dimensions: { customer: { topic: customers, on: customer_id } }'

/**
 * A pipeline of orders, customers and payments, with a registry that nobody asks.
 * @param join what is added to it; null: there is none
 */
export const pipelineWith = (
  join: string | null = '',
  more = '',
  dimensions = DIMENSIONS,
  output = '{ topic: orders.enriched }',
  facts = '{ topic: orders }',
): Pipeline =>
  parsePipeline(
    `
name: job
kafka: { brokers: "localhost:9092" }
registry: { url: "http://localhost:8081" }
facts: ${facts}
${dimensions}
${join === null ? '' : `join: { topic: payments, on: order_id, within: 60s, grace: 10s${join} }`}
output: ${output}
${more}`,
    'pipeline.yaml',
    {},
  )
