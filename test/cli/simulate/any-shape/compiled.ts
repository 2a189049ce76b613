/** A drawn pipeline, and the records of its tables. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after } from 'node:test'
import { mix } from '../../../../examples/random.ts'
import type { PipelineCodec } from '../../../../src/codec/port.ts'
import { parsePipeline } from '../../../../src/config/load.ts'
import type { Pipeline } from '../../../../src/config/pipeline.ts'
import { keyBytesDiffer } from '../../../../src/plan/key-formats.ts'
import { createPipelineCodec, readSchemas } from '../../../../src/plan/pipeline-codec.ts'
import { recordOf, recordsOf, schemaOf, type Table } from '../../../support/sql-table.ts'
import { type AnyShape, anyShape } from './shape.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-shapes-'))
after(() => rmSync(folder, { recursive: true }))

export const shapeOf = (seed: number): AnyShape => {
  let drawn = 0
  return anyShape((among) => mix(seed, drawn++) % among)
}

export async function compiled({
  yaml,
  streams,
  dimensions,
}: AnyShape): Promise<{ pipeline: Pipeline; codec: PipelineCodec }> {
  for (const table of [...streams, ...dimensions]) {
    writeFileSync(join(folder, `${table.name}.avsc`), JSON.stringify(schemaOf(table)))
  }
  const text = `name: any\nkafka: { brokers: "localhost:1" }\n${yaml}`
  const pipeline = parsePipeline(text, join(folder, 'pipeline.yaml'), {})
  const schemas = await readSchemas(pipeline, null)
  const codec = createPipelineCodec(pipeline, schemas, null)
  assert.equal(keyBytesDiffer(pipeline, { schemas, keys: [] }), null)
  return { pipeline, codec }
}

/** Of the output, in its order. */
export function columnsOf({ outputs }: PipelineCodec): string[] {
  const [{ view, schema }] = outputs
  const { fields, properties = {} } = view ?? JSON.parse(schema)
  return fields?.map(({ name }: { name: string }) => name) ?? Object.keys(properties)
}

export const given = (table: Table, isJson: AnyShape['isJson']) =>
  recordsOf(table).map(({ key, value, time }, i) => {
    const row = recordOf(table, table.rows[i])
    const own = isJson(table.name) ? Buffer.from(JSON.stringify(row)) : value
    return { key, value: own, headers: [], timestamp: time }
  })
