import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'

const compile = async (select: string, output: string): Promise<unknown> => {
  const text = `name: app
kafka: { brokers: "localhost:9092" }
facts:
  topic: checkouts
  format: json
  schema: ../examples/app/schemas/checkout.schema.json${select}
output: { topic: out, ${output} }
`
  const pipeline = parsePipeline(text, 'test/pipeline.yaml', {})
  return createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
}

test('a name that Avro does not have goes to JSON as it is, and to Avro under another one', async () => {
  assert.ok(await compile('', 'format: json'))
  assert.ok(await compile('\n  select: { checkout_id: checkout-id, sku: sku }', 'schemaId: 1'))
  await assert.rejects(
    compile('', 'schemaId: 1'),
    /pipeline\.yaml:7: output: the field checkout-id has a name that Avro does not have; rename it with select, as \{ checkout_id: "checkout-id" \}, or write format: json/,
  )
})
