/** What runs, compiled once from the pipeline file: nothing that runs reads the file. */
import type { JoinConfig, Pipeline } from '../config/pipeline.ts'
import { repartitioned, sourcesOf } from '../config/topic-names.ts'

/** A topic that tasks read. */
export interface Source {
  /** Its number among all sources of the plan: what is counted or compiled of sources is a list in their order. */
  readonly index: number
  readonly topic: string
  /** The field with the event time; null: the record's timestamp. */
  readonly time: string | null
  /** Whether the record's key has to be the text of a field, as it has where records are joined. */
  readonly isKeyed: boolean
  /** The input that an earlier stage has taken the records from, which is told of one that is rejected; null: this is one. */
  readonly origin: string | null
}

/** A row that a fact is completed with. */
export interface LookUp {
  /** The dimension's name. */
  readonly name: string
  /** The fact's field, for messages. */
  readonly on: string
  /** Which key field of the fact's reader it is: see `ValueReader`. */
  readonly key: number
  readonly missing: 'null' | 'drop' | 'reject'
}

export interface Join
  extends Pick<JoinConfig, 'kind' | 'beforeMs' | 'afterMs' | 'graceMs' | 'idleMs'> {
  /** What becomes of a late record, by side. */
  readonly late: readonly ['emit' | 'drop' | 'reject', 'drop' | 'reject']
}

/** What tasks of one kind do: each reads one partition of all its sources. */
export interface Stage {
  /** Its number; the last stage's tasks have what comes out, and the state. */
  readonly number: number
  /** Those of the last stage are facts first, then the right stream, where there is a join. */
  readonly sources: readonly Source[]
  /** The sources' topics. */
  readonly topics: readonly string[]
  /** Where its records go, keyed by the join field; null: it is the last stage, whose records come out. */
  readonly repartitionTo: string | null
}

export interface Plan {
  /** Consumer group; prefix of transactional ids and internal topics. */
  readonly name: string
  readonly commitMs: number
  /** Of all stages: the inputs, facts first and then the right stream, where there is a join; then internal topics. */
  readonly sources: readonly Source[]
  /** In the data's order. */
  readonly stages: readonly Stage[]
  readonly lookUps: readonly LookUp[]
  /** null: a fact comes out as soon as it has its rows. */
  readonly join: Join | null
  /** How far ahead of the clock an event time may be, and what becomes of a record that is further ahead. */
  readonly aheadMs: number
  readonly early: 'drop' | 'reject'
}

export function planOf(pipeline: Pipeline): Plan {
  const { name, commit, dimensions, join } = pipeline
  const { sources, stages } = stagesOf(pipeline)
  // The join field is the first key field of the fact's reader.
  const firstKey = join === null ? 0 : 1
  return {
    name,
    commitMs: commit.intervalMs,
    sources,
    stages,
    lookUps: dimensions.map(({ name, on, missing }, d) => ({
      name,
      on,
      missing,
      key: firstKey + d,
    })),
    join: join && { ...join, late: [join.late.left, join.late.right] },
    // Stream time is a join's: where there is none a date in the future harms no other record.
    aheadMs: join?.aheadMs ?? Number.POSITIVE_INFINITY,
    early: join?.early ?? 'reject',
  }
}

/** A stage for each side that is repartitioned, then the one that joins. */
function stagesOf(pipeline: Pipeline): Pick<Plan, 'sources' | 'stages'> {
  const through = repartitioned(pipeline)
  const inputs = sourcesOf(pipeline).map(({ config: { topic, time } }, index): Source => {
    const isKeyed = pipeline.join !== null && !through.some(({ side }) => side === index)
    return { index, topic, time, isKeyed, origin: null }
  })
  const internal = through.map(({ side, topic }, i): Source => {
    const { topic: origin } = inputs[side]
    // An internal record has its event time as its timestamp, and the join field's text as its key.
    return { index: inputs.length + i, topic, time: null, isKeyed: true, origin }
  })
  const first = through.map(({ side, topic }, i) => stageOf(i, [inputs[side]], topic))
  const joined = inputs.map(({ index }) => {
    const i = through.findIndex(({ side }) => side === index)
    return i < 0 ? inputs[index] : internal[i]
  })
  return {
    sources: [...inputs, ...internal],
    stages: [...first, stageOf(first.length, joined, null)],
  }
}

const stageOf = (
  number: number,
  sources: readonly Source[],
  repartitionTo: string | null,
): Stage => ({ number, sources, topics: sources.map(({ topic }) => topic), repartitionTo })

/** The one whose records come out. */
export const lastStage = ({ stages }: Pick<Plan, 'stages'>): Stage => stages[stages.length - 1]
