/** `schema`: the JSON Schema of pipeline files, for editors. */
import { pipelineSchema } from '../config/schema.ts'
import { print } from './terminal.ts'

export function schema(): void {
  print(JSON.stringify(pipelineSchema, null, 2))
}
