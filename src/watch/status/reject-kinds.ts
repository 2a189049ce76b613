import type { Pipeline } from '../../config/pipeline.ts'
import type { Counts } from '../../counts/counts.ts'

/**
 * Rejects since the start by topic, stage and reason, the most frequent first, each with the last of them.
 * @param records whether its key, its content and the error, which may quote it, are in it
 */
export function rejectKinds({ facts }: Pipeline, counts: Counts, records: boolean): object[] {
  const kinds = [...counts.rejects].sort(([, a], [, b]) => b - a)
  return kinds.map(([labels, count]) => {
    const [topic, stage, reason] = labels.split(' ')
    // A joined record that the output does not take was a fact.
    const last = counts.lastRejects.last(stage === 'output' ? facts.topic : topic, reason)
    const { at, partition, offset, key, value, error } = last ?? {}
    const place = { at, partition, offset }
    const example =
      last === undefined ? null : { ...place, ...(records ? { key, value, error } : {}) }
    return { topic, stage, reason, count, last: example }
  })
}
