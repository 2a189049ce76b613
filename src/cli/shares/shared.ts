import type { PipelineCodec } from '../../codec/port.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import type { FieldReader } from '../../plan/field-readers.ts'

/** What all shares are taken with. */
export interface Shared {
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  /** By `inputsOf`. */
  readonly readers: readonly FieldReader[]
  /** Topics that can be read. */
  readonly there: ReadonlySet<string>
}
