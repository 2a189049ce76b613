/** `output-schema FILE`: the Avro schema of the output. */
import { loadPipeline } from '../config/load.ts'
import { compile } from './compile.ts'
import { print } from './terminal.ts'

export async function outputSchema(file: string): Promise<void> {
  const { codec } = await compile(loadPipeline(file, process.env))
  print(codec.outputSchema)
}
