/** `output-schema FILE`: the schema of the output, Avro’s, a JSON Schema or a .proto file; of several, each below its name. */
import { writeFileSync } from 'node:fs'
import { loadPipeline } from '../config/load.ts'
import type { OutputConfig, Pipeline } from '../config/pipeline.ts'
import { compilePipeline } from '../plan/compile.ts'
import { withRegistry } from './compile.ts'
import { print } from './terminal.ts'

export interface OutputSchemaOptions {
  /** Writes the files that keep the numbers of outputs in Protobuf. */
  readonly write?: boolean
}

export async function outputSchema(
  file: string,
  { write = false }: OutputSchemaOptions,
): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  const { codec } = await withRegistry(pipeline, (registry) =>
    compilePipeline(pipeline, registry, []),
  )
  const schemas = codec.outputs.map(({ schema }) => schema)
  if (write) writeSchemas(pipeline, schemas)
  else printSchemas(pipeline, schemas)
}

function printSchemas({ outputs }: Pipeline, schemas: readonly string[]): void {
  if (outputs.length === 1) {
    print(schemas[0].trimEnd())
    return
  }
  // Text of Protobuf's is no JSON, and stands in it as one.
  const textOf = ({ format }: OutputConfig, schema: string): string =>
    format === 'protobuf' ? JSON.stringify(schema) : schema
  const named = outputs.map(
    (output, o) => `${JSON.stringify(output.path.at(-1))}: ${textOf(output, schemas[o])}`,
  )
  print(`{\n${named.join(',\n')}\n}`)
}

function writeSchemas({ outputs }: Pipeline, schemas: readonly string[]): void {
  let written = 0
  for (const [o, { schema }] of outputs.entries()) {
    if (schema === null) continue
    writeFileSync(schema, schemas[o])
    print(`${schema} is written`)
    written++
  }
  if (written === 0) print('No output has a schema that is a file')
}
