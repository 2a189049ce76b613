/** `output-schema FILE`: the schema of the output, Avro’s or a JSON Schema; of several, by name. */
import { loadPipeline } from '../config/load.ts'
import { compile } from './compile.ts'
import { print } from './terminal.ts'

export async function outputSchema(file: string): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  const { outputs } = (await compile(pipeline)).codec
  if (outputs.length === 1) {
    print(outputs[0].schema)
    return
  }
  const named = pipeline.outputs.map(
    ({ path }, o) => `${JSON.stringify(path.at(-1))}: ${outputs[o].schema}`,
  )
  print(`{\n${named.join(',\n')}\n}`)
}
