/** Whether the snapshots can be told apart that a dimension is loaded in. */
import type { PipelineCodec, TopicCodec } from '../../codec/port.ts'
import type { Pipeline, SnapshotConfig } from '../../config/pipeline.ts'
import { durationText, plural } from '../../config/text.ts'
import { type Finding, ok, warn } from './finding.ts'
import { isPassedOver, readValue, type SampledRecord } from './values.ts'

const MOST_NAMED = 3

interface Sample {
  readonly name: string
  readonly topic: string
  readonly config: SnapshotConfig
  readonly codec: TopicCodec
  /** See `PipelineCodec.snapshotKeys`. */
  readonly key: number
  readonly records: readonly SampledRecord[]
}

/** @param samples by topic */
export async function checkSnapshots(
  pipeline: Pipeline,
  codec: PipelineCodec,
  samples: ReadonlyMap<string, { readonly records: readonly SampledRecord[] }>,
): Promise<Finding[]> {
  const findings: Finding[] = []
  for (const [d, { name, topic, snapshot: config }] of pipeline.dimensions.entries()) {
    const { records = [] } = samples.get(topic) ?? {}
    if (config === null || records.length === 0) continue
    const { dimensions, snapshotKeys } = codec
    const read = { codec: dimensions[d], key: snapshotKeys[d], records }
    findings.push(await checkOne({ name, topic, config, ...read }))
  }
  return findings
}

async function checkOne(sample: Sample): Promise<Finding> {
  const { name, topic, config, records } = sample
  const { header, field, quietMs } = config
  const what = `dimension ${name}`
  const last = `${topic}: the last ${plural(records.length, 'record')}`
  if (header === null && field === null) {
    const count = burstsOf(records, quietMs)
    const detail = `${last} are of ${plural(count, 'snapshot')}, with ${durationText(quietMs)} or more between them`
    return ok(what, detail)
  }
  const names: (string | undefined)[] = []
  for (const record of records) names.push(await nameOf(sample, record))
  const named = names.filter((one) => one !== undefined)
  const by = header === null ? `field ${field}` : `header ${header}`
  if (named.length === 0) {
    const detail = `${last} have no ${by}, so none is of a snapshot, and none completes one`
    return warn(what, detail, 'correct snapshot.by in the file, or have the connector write it')
  }
  const all = [...new Set(named)]
  const more = all.length > MOST_NAMED ? ', …' : ''
  const rest = records.length - named.length
  const others = rest === 0 ? '' : `; ${rest} have no ${by}, and are of none`
  const some = all.slice(-MOST_NAMED).join(', ')
  return ok(what, `${last} are of ${plural(all.length, 'snapshot')}: ${some}${more}${others}`)
}

async function nameOf(
  { config: { header }, codec, key }: Sample,
  record: SampledRecord,
): Promise<string | undefined> {
  if (header !== null) {
    const found = record.headers.find(([name]) => name === header)?.[1]?.toString()
    return found || undefined
  }
  const value = await readValue(codec, record)
  if (isPassedOver(value) || 'reason' in value) return undefined
  const end = value.keyEnd(key)
  return value.keyBuffer(key).toString('utf8', value.keyStart(key), Math.max(0, end)) || undefined
}

function burstsOf(records: readonly SampledRecord[], quietMs: number): number {
  const times = records.map(({ timestamp }) => timestamp).sort((a, b) => a - b)
  return times.filter((time, i) => i === 0 || time > times[i - 1] + quietMs).length
}
