import type { Admin } from '../../broker/port.ts'
import type { PipelineCodec } from '../../codec/port.ts'
import type { Registry } from '../../codec/registry/registry.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import type { Counts } from '../../counts/counts.ts'
import type { Dimension } from '../../dimension/dimension.ts'
import type { InputTopics } from '../../input/input-topics.ts'
import type { Worker } from '../../instance/worker.ts'
import type { MemoryLimits } from '../../plan/memory.ts'
import type { Plan } from '../../plan/plan.ts'

/** The sides of the join, in the order in which tasks and counts have them: facts first. */
export const SIDES = ['left', 'right'] as const

/** What is there from the start, and what comes while the service starts. */
export interface ServiceParts {
  readonly pipeline: Pipeline
  readonly plan: Plan
  readonly version: string
  /** The commit that it was built from; empty where it is not known. */
  readonly revision: string
  readonly instanceId: string
  readonly counts: Counts
  readonly limits: MemoryLimits
  readonly dimensions: readonly Dimension[]
  codec?: PipelineCodec
  /** Of the last stage's sources: how many each has. */
  partitions?: number
  inputs?: InputTopics
  admin?: Pick<Admin, 'offsets'>
  registry?: Registry | null
  worker?: Worker
}
