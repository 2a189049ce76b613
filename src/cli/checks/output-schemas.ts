/** What the registry says of the outputs' schemas, in words. */
import type { Comparison, Verdict } from '../../codec/registry/registry.ts'
import type { OutputConfig } from '../../config/pipeline.ts'

export const SUBJECT_REMEDY = "use another output topic, or change the subject's compatibility"

/** So many fields are named. */
const MOST = 8

/**
 * `the latest (BACKWARD): note is new`. What is judged by a transitive level is so by every version.
 * @param of whose versions they are: ` of orders-value`
 */
export function verdictText({ level, changes, reason }: Verdict, of = ''): string {
  const versions = `${level?.endsWith('_TRANSITIVE') ? 'all versions' : 'the latest'}${of}`
  const by = level === null ? versions : `${versions} (${level})`
  const more = changes.length > MOST ? [`${changes.length - MOST} fields more`] : []
  const named = [...changes.slice(0, MOST), ...more].join('; ')
  const said = reason === '' || named === '' ? reason : `; the registry says: ${reason}`
  return named === '' && said === ''
    ? `${by}, from which no field differs`
    : `${by}: ${named}${said}`
}

/** What is to be known of a version whose registry says whether it takes it only when it is registered. */
export const unjudgedText = (verdict: Verdict): string =>
  `whether it is taken the registry says only then, of ${verdictText(verdict)}`

/** What a reset would make of an output's schema. */
export interface Later {
  readonly text: string
  /** The start after it would fail. */
  readonly isRefused: boolean
}

/** What the schemas of the outputs would be after a reset; nothing of those that stay. @param later see `resetSteps` */
export function laterOf(
  outputs: readonly OutputConfig[],
  later: readonly (Comparison | null)[] | string,
): Later[] {
  const taken = (text: string): Later => ({ text, isRefused: false })
  const refused = (text: string): Later => ({ text, isRefused: true })
  if (typeof later === 'string') return [refused(`the pipeline would not start: ${later}`)]
  return outputs.flatMap((_, o) => {
    const comparison = later[o]
    if (comparison === null) return []
    const { subject } = comparison
    switch (comparison.state) {
      case 'new':
        return [taken(`the first version of ${subject} would be registered`)]
      case 'compatible':
        return [
          taken(
            `a new version of ${subject} would be registered, compatible with ${verdictText(comparison)}`,
          ),
        ]
      case 'unjudged':
        return [
          taken(`a new version of ${subject} would be registered; ${unjudgedText(comparison)}`),
        ]
      case 'incompatible':
        return [
          refused(
            `the registry would refuse the output's schema: it is not compatible with ${verdictText(comparison, ` of ${subject}`)}; ${SUBJECT_REMEDY}`,
          ),
        ]
      default:
        return []
    }
  })
}
