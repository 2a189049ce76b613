import { compiled } from './json-schema.ts'
import type { RawPipeline } from './raw-pipeline.ts'
import { pipelineSchema } from './schema.ts'

export default compiled<RawPipeline>(pipelineSchema)
