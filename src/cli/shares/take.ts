/** Takes the last facts through what the pipeline does with them: the look-ups in their order, then the joins. */
import type { Broker } from '../../broker/port.ts'
import type { TopicRecord } from '../../broker/read-topic.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import type { Compiled } from '../../plan/compile.ts'
import { fieldReaders } from '../../plan/field-readers.ts'
import { planOf } from '../../plan/plan.ts'
import type { Finding } from '../checks/finding.ts'
import { checkJoinColumn } from '../checks/join-column.ts'
import { withRegistry } from '../compile.ts'
import { takeJoins } from './joins.ts'
import { type FoundOf, takeLookUps, textLookedUp } from './look-ups.ts'
import { scalarMembers } from './members.ts'
import { type ReadRecord, recordOf } from './records.ts'
import { lastOf, type Sample } from './sample.ts'
import type { Shared } from './shared.ts'

export async function takeFacts(
  pipeline: Pipeline,
  { codec, schemas }: Pick<Compiled, 'codec' | 'schemas'>,
  broker: Broker,
  samples: ReadonlyMap<string, Sample>,
): Promise<Finding[]> {
  const sample = samples.get(pipeline.facts.topic)
  if (sample === undefined || sample.records.length === 0) return []
  const last = lastOf(sample.records)
  const members = scalarMembers(last.map(({ value }) => value))
  const readers = await withRegistry(pipeline, async (registry) =>
    fieldReaders(pipeline, schemas, registry, [members]),
  )
  const shared = { pipeline, codec, readers, there: new Set(samples.keys()) }
  const facts = await factsOf(shared, last)
  const { findings, rows } = await takeLookUps(shared, broker, facts)
  return [
    ...findings,
    ...columnOf(shared, facts, rows),
    ...(await takeJoins(shared, broker, facts, rows)),
  ]
}

async function factsOf(
  { pipeline, readers }: Shared,
  records: readonly TopicRecord[],
): Promise<ReadRecord[]> {
  const facts: ReadRecord[] = []
  for (const record of records) {
    const fact = await recordOf(pipeline.facts, readers[0], record)
    if (fact !== undefined) facts.push(fact)
  }
  return facts
}

/** Whether facts have the column of their rows that they are joined by. */
function columnOf(shared: Shared, facts: readonly ReadRecord[], rows: FoundOf): Finding[] {
  const { stages } = planOf(shared.pipeline)
  const through = stages.find(({ to }) => to?.isPrepared === true && to.key.lookUp >= 0)?.to ?? null
  if (through === null) return []
  const texts = facts.map((_, f) => textLookedUp(shared, [through.key], facts, rows, f))
  return texts.includes(undefined) ? [] : [checkJoinColumn(through, texts as (string | null)[])]
}
