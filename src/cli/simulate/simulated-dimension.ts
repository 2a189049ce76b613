import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Reader, ReaderEvents } from '../../broker/port.ts'
import { recordAt } from '../../broker/record-columns.ts'
import type { PipelineCodec } from '../../codec/port.ts'
import type { DimensionConfig } from '../../config/pipeline.ts'
import { Dimension } from '../../dimension/dimension.ts'
import type { Store } from '../../state/level.ts'
import { answerOf, keyText, type TimedRecord } from './records.ts'
import type { Fault } from './simulation.ts'

const nothing = (): void => {}

/** A dimension over a topic of one partition that is empty at the start. */
export class SimulatedDimension {
  readonly #topic: string
  readonly #dimension: Dimension
  #events: ReaderEvents | undefined
  #offset = 0
  #fault: unknown

  constructor(
    config: DimensionConfig,
    d: number,
    codec: PipelineCodec,
    store: Store,
    keepsPlaces: boolean,
    rejects: Fault[],
    now: () => number,
  ) {
    this.#topic = config.topic
    const reader: Reader = {
      add: nothing,
      remove: nothing,
      pause: nothing,
      resume: nothing,
      close: async () => {},
    }
    this.#dimension = new Dimension({
      config,
      codec: codec.dimensions[d],
      key: codec.dimensionKeys[d],
      former: codec.formerRows[d],
      layout: codec.layout,
      keepsPlaces,
      store,
      admin: {
        offsets: async () => new Map([[0, 0]]),
        identify: async () => new Map([[config.topic, { id: null, partitions: 1 }]]),
        describeTopics: async () => new Map(),
        createTopics: async () => {},
        deleteRecords: async () => {},
      },
      createReader: (events) => {
        this.#events = events
        return reader
      },
      onReject: (columns, i, _partition, reason, error) => {
        const key = keyText(codec.dimensionKeys[d], recordAt(columns, i).key)
        rejects.push({ from: config.name, key, reason, error })
      },
      onOtherType: nothing,
      onFiltered: nothing,
      onDeleted: nothing,
      onPassedOver: nothing,
      onLate: nothing,
      onRows: nothing,
      room: async () => {},
      rejects: { areCommitted: true, untilCommitted: async () => {} },
      claim: nothing,
      onUnusable: nothing,
      onUnknownTopic: nothing,
      hold: (work) => work(),
      onFatal: (error) => {
        this.#fault = error
      },
      now,
      log: { event: nothing },
    })
  }

  start(): Promise<void> {
    return this.#dimension.start()
  }

  get table(): Dimension['table'] {
    return this.#dimension.table
  }

  /** Gives the dimension a record, as a fetch would; resolves when its row is in the table. */
  async take(record: TimedRecord): Promise<void> {
    this.#events!.onFetched(await answerOf(this.#topic, this.#offset++, record))
    while (this.#dimension.progress.positions[0] < this.#offset) {
      if (this.#fault !== undefined) throw this.#fault
      await nextTurn()
    }
  }

  close(): Promise<void> {
    return this.#dimension.close()
  }
}
