/** How what a window has stored with other schemas of its inputs is read: each part becomes one of the layout that the task stores in. */
import { evolutionFault } from '../codec/avro/evolution.ts'
import { parseRecord } from '../codec/avro/parse.ts'
import { AvroPartReader } from '../codec/avro/part-reader.ts'
import type { RecordType } from '../codec/avro/schema.ts'
import { joinStages } from '../config/join-stages.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { changelogName, inputTopics } from '../config/topic-names.ts'
import type { StoredLayout } from '../state/changelog.ts'
import type { PartReaders } from '../state/page-layouts.ts'
import { layoutChanged, schemasDoNotFollow } from '../state/state-faults.ts'
import { planOutput, type TopicSchemas } from './output-plan.ts'
import { type ReaderSchemas, topicSchemas } from './pipeline-codec.ts'
import { derivedFrom } from './reader-schemas.ts'
import { storesMessages } from './stored-form.ts'

/** The sides of a join, as the window stores them: the left one has all that comes before its join. */
type Sides = readonly [left: RecordType, right: RecordType]

export class OtherLayouts {
  readonly #own: StoredLayout
  readonly #pipeline: Pipeline
  readonly #parts: readonly Sides[]
  readonly #recorded: (ids: readonly number[]) => Promise<ReaderSchemas | undefined>
  /** By layout. */
  readonly #known = new Map<string, PartReaders>()

  /**
   * @param own the layout that the schemas give, and their ids
   * @param recorded reads the schemas that have these ids; undefined: the registry has one of them no more
   */
  constructor(
    pipeline: Pipeline,
    own: StoredLayout,
    schemas: TopicSchemas,
    recorded: (ids: readonly number[]) => Promise<ReaderSchemas | undefined>,
  ) {
    this.#own = own
    this.#pipeline = pipeline
    this.#parts = partsOf(pipeline, schemas)
    this.#recorded = recorded
  }

  /** As `ReadersOf`. */
  async readersOf(stored: StoredLayout): Promise<PartReaders> {
    const { layout } = stored
    const readers = this.#known.get(layout) ?? (await this.#compile(stored))
    this.#known.set(layout, readers)
    return readers
  }

  async #compile(stored: StoredLayout): Promise<PartReaders> {
    const pipeline = this.#pipeline
    const topic = changelogName(pipeline)
    const schemas = mayBeOther(pipeline) ? await this.#recorded(stored.schemaIds) : undefined
    // Else the pipeline itself has changed.
    const isOurs = schemas && derivedFrom(pipeline, schemas)?.layouts.includes(stored.layout)
    if (!isOurs) throw layoutChanged(topic, stored.layout, this.#own.layout)
    return partsOf(pipeline, topicSchemas(pipeline, schemas)).map((sides, j) => {
      const [left, right] = sides.map((from, side) => {
        const to = this.#parts[j][side]
        const fault = evolutionFault(from, to)
        if (fault !== null) throw schemasDoNotFollow(topic, this.#changed(stored), fault)
        return new AvroPartReader(from, to)
      })
      return [left, right]
    })
  }

  /** `orders (3, then 7)` */
  #changed({ schemaIds }: StoredLayout): string {
    const ids = this.#own.schemaIds
    return inputTopics(this.#pipeline)
      .map((topic, i) => ({ topic, was: schemaIds[i], is: ids[i] }))
      .filter(({ was, is }) => was !== is)
      .map(({ topic, was, is }) => `${topic} (${was}, then ${is})`)
      .join(', ')
  }
}

/**
 * Whether the window may have parts of several layouts: not as messages of Protobuf, and not where a stage behind it reads what it
 * has completed by the layout's name alone.
 */
const mayBeOther = (pipeline: Pipeline): boolean =>
  pipeline.registry !== null && !storesMessages(pipeline) && joinStages(pipeline).length === 1

function partsOf(pipeline: Pipeline, schemas: TopicSchemas): Sides[] {
  const plan = planOutput(pipeline, schemas)
  const { name, fields } = parseRecord(plan.schema)
  const part = (from: number, to: number): RecordType => ({
    kind: 'record',
    name,
    fields: fields.slice(from, to),
  })
  let end = plan.facts.length + plan.dimensions.flat().length
  return plan.rights.map(({ length }) => {
    const from = end
    end += length
    return [part(0, from), part(from, end)]
  })
}
