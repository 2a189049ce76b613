/** Sends an example's records to a broker at a steady pace, each at its event time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { partitionOf } from '../src/broker/partition-of.ts'
import type { Broker } from '../src/broker/port.ts'
import { AvroJson } from '../src/codec/avro/json-encoding.ts'
import { keyBytes } from '../src/codec/keys/keys.ts'
import type { Pipeline, TopicConfig } from '../src/config/pipeline.ts'
import { inputsOf, sourcesOf } from '../src/config/topic-names.ts'
import { keyPlans } from '../src/plan/key-readers.ts'
import { inputSchemas } from '../src/plan/output-plan.ts'
import { outputFrame, readSchemas } from '../src/plan/pipeline-codec.ts'
import { createTopic, type PlainProducer } from '../test/support/topics.ts'
import type { Sent, Source } from './source.ts'

const TICK_MS = 10
const FLUSH_BYTES = 500_000

export interface Pace {
  /** Facts per second. */
  readonly rate: number
  readonly facts: number
}

/** An input topic, and what its values are written with. */
interface Input {
  readonly config: TopicConfig
  readonly keyPlan: ReturnType<typeof keyPlans>[number]
  readonly json: AvroJson
  readonly partitions: number
}

export class Feed {
  readonly #source: Source
  readonly #producer: PlainProducer
  /** Facts, and the right stream where there is a join. */
  readonly #sources: readonly Input[]
  readonly #dimensions: readonly (Input & { readonly name: string })[]

  private constructor(
    source: Source,
    producer: PlainProducer,
    inputs: readonly Input[],
    pipeline: Pipeline,
  ) {
    this.#source = source
    this.#producer = producer
    const sources = sourcesOf(pipeline).length
    this.#sources = inputs.slice(0, sources)
    this.#dimensions = inputs.slice(sources).map((input, d) => ({
      ...input,
      name: pipeline.dimensions[d].name,
    }))
  }

  /** Creates the input topics where they are missing. @param partitions of topics that it creates */
  static async open(
    pipeline: Pipeline,
    source: Source,
    broker: Broker,
    producer: PlainProducer,
    partitions: number,
  ): Promise<Feed> {
    const schemas = await readSchemas(pipeline, null)
    const all = inputSchemas(schemas)
    const configs = inputsOf(pipeline).map(({ config }) => config)
    const sources = sourcesOf(pipeline).length
    for (const [i, { topic }] of configs.entries()) {
      const settings: Record<string, string> = i < sources ? {} : { 'cleanup.policy': 'compact' }
      await createTopic(broker, topic, partitions, settings)
    }
    await producer.connect(configs.map(({ topic }) => topic))
    const there = await broker.admin.describeTopics(configs.map(({ topic }) => topic))
    const keys = keyPlans(pipeline, schemas)
    const inputs = configs.map((config, i) => ({
      config,
      keyPlan: keys[i],
      json: new AvroJson(all[i]),
      partitions: there.get(config.topic)?.partitions ?? partitions,
    }))
    return new Feed(source, producer, inputs, pipeline)
  }

  /** @returns how many there are */
  async sendRows(): Promise<number> {
    let rows = 0
    for (const input of this.#dimensions) {
      for (const row of this.#source.dimensions[input.name]()) {
        this.#put(input, row, Date.now())
        rows++
        if (this.#producer.bytes > FLUSH_BYTES) await this.#producer.flush()
      }
    }
    await this.#producer.flush()
    return rows
  }

  /** Fact `i` at its time, each right record at its own, until the last has gone. @param onTick is given the facts sent so far */
  async run({ rate, facts }: Pace, onTick: (sent: number) => void = () => {}): Promise<void> {
    const [left, right] = this.#sources
    const start = Date.now()
    const due = new Map<number, { at: number; match: Sent }[]>()
    const tickOf = (at: number): number => Math.ceil((at - start) / TICK_MS)
    let sent = 0
    for (let tick = 0; sent < facts || due.size > 0; tick++) {
      await sleep(Math.max(0, start + tick * TICK_MS - Date.now()))
      for (; sent < facts && (sent * 1000) / rate <= tick * TICK_MS; sent++) {
        const at = start + Math.floor((sent * 1000) / rate)
        this.#put(left, this.#source.fact(sent, at), at)
        for (const match of this.#source.rights(sent, at)) {
          const its = Math.max(tick, tickOf(match.at))
          due.set(its, [...(due.get(its) ?? []), { at: match.at, match }])
        }
      }
      for (const { at, match } of due.get(tick) ?? []) this.#put(right, match, at)
      due.delete(tick)
      await this.#producer.flush()
      onTick(sent)
    }
  }

  #put(
    { config, keyPlan, json, partitions }: Input,
    { key, value }: Sent,
    timestamp: number,
  ): void {
    const fault = (path: readonly string[], message: string): never => {
      throw new Error(`${config.topic} ${path.join('.')}: ${message}`)
    }
    const bytes = keyBytes(config.keyFormat, key, keyPlan) ?? fault(['key'], `${key} is no key`)
    const framed = Buffer.concat([outputFrame(1), json.encode(value, fault)!])
    this.#producer.put(config.topic, partitionOf(bytes, partitions), timestamp, bytes, framed)
  }
}
