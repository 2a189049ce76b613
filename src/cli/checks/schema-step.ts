import type { Comparison } from '../../codec/registry/registry.ts'
import type { OutputConfig } from '../../config/pipeline.ts'
import { SUBJECT_REMEDY, unjudgedText, verdictText } from './output-schemas.ts'
import { type Step, step } from './steps.ts'

/** What a start does with an output's schema. @param comparison null: the pipeline has no registry, or the output is JSON */
export function schemaStep(
  { topic, format, schemaId }: OutputConfig,
  comparison: Comparison | null,
): Step {
  const what = 'output schema'
  if (format === 'json') return step('keep', what, `none: values of ${topic} are JSON`)
  if (comparison === null)
    return step('keep', what, `id ${schemaId ?? '(none)'} in values of ${topic}, as the file says`)
  const { subject } = comparison
  switch (comparison.state) {
    case 'registered':
      return step('keep', what, `${subject} has it already`)
    case 'new':
      return step('create', what, `registers the first version of ${subject}`)
    case 'compatible':
      return step(
        'change',
        what,
        `registers a new version of ${subject}, compatible with ${verdictText(comparison)}`,
      )
    case 'unjudged':
      return step(
        'change',
        what,
        `registers a new version of ${subject}; ${unjudgedText(comparison)}`,
      )
    case 'incompatible':
      return step(
        'refuse',
        what,
        `not compatible with ${verdictText(comparison, ` of ${subject}`)}; ${SUBJECT_REMEDY}`,
      )
  }
}
