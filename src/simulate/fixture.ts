/** Fixture files: cases of a pipeline, checked against its schemas before any of them runs. */
import { dirname, resolve } from 'node:path'
import type { RecordBytes } from '../batch.ts'
import { createPipelineCodec, outputFrame } from '../codec/avro.ts'
import { AvroJson, parseTime } from '../codec/avro-json.ts'
import { keyBytes } from '../codec/keys.ts'
import type { PipelineCodec } from '../codec/port.ts'
import { loadPipeline } from '../config/load.ts'
import type { Pipeline, TopicConfig } from '../config/pipeline.ts'
import { milliseconds } from '../config/pipeline-of.ts'
import { didYouMean } from '../config/suggest.ts'
import { readYaml, YamlFile } from '../config/yaml-file.ts'
import type { TopicSchemas } from '../output/schema.ts'
import { fixtureSchema } from './fixture-schema.ts'

/** A record as it is written to its topic; without a timestamp it is the clock's. */
export interface GivenRecord extends RecordBytes {
  readonly timestamp: number | undefined
}

export type Step =
  | { readonly kind: 'fact' | 'right'; readonly record: GivenRecord }
  | { readonly kind: 'row'; readonly dimension: number; readonly record: GivenRecord }
  | { readonly kind: 'wait'; readonly ms: number }

/** What is undefined is not compared. */
export interface ExpectedOutput {
  readonly key: string | undefined
  readonly timestamp: number | undefined
  readonly headers: Readonly<Record<string, string>> | undefined
  readonly value: Readonly<Record<string, unknown>>
  /** Fields that `value` does not have are not compared. */
  readonly partial: boolean
}

export interface ExpectedFault {
  readonly from: string
  /** null: none; undefined: not compared. */
  readonly key: string | null | undefined
  readonly reason: string
}

export interface Expected {
  readonly outputs: readonly ExpectedOutput[]
  readonly unmatched: readonly ExpectedOutput[]
  readonly rejects: readonly ExpectedFault[]
  readonly drops: readonly ExpectedFault[]
}

export interface Case {
  readonly name: string
  readonly steps: readonly Step[]
  readonly expected: Expected
}

export interface Fixture {
  readonly pipeline: Pipeline
  readonly codec: PipelineCodec
  /** When a case begins, in ms since 1970. */
  readonly clock: number
  readonly cases: readonly Case[]
}

type Time = string | number
type Key = string | number | null
type Path = readonly string[]

interface RawRecord {
  key?: Key
  timestamp?: Time
  headers?: Record<string, string>
  value?: unknown
  base64?: string
}

interface RawOutput {
  key?: Key
  timestamp?: Time
  headers?: Record<string, string>
  value?: Record<string, unknown>
  contains?: Record<string, unknown>
}

interface RawFault {
  from: string
  key?: Key
  reason: string
}

interface RawStep {
  fact?: RawRecord
  right?: RawRecord
  row?: RawRecord & { dimension: string }
  wait?: string
}

interface RawFixture {
  pipeline: string
  env?: Record<string, string | number | boolean>
  clock?: Time
  dimensions?: Record<string, RawRecord[]>
  cases: {
    name: string
    given: RawStep[]
    expect: {
      outputs?: RawOutput[]
      unmatched?: RawOutput[]
      rejects?: RawFault[]
      drops?: RawFault[]
    }
  }[]
}

const CLOCK = Date.parse('2025-01-01T00:00:00Z')
/** A schema that is a file is read for any id. */
const FRAME = outputFrame(0)

/**
 * Reads and checks a fixture file and the pipeline file that it names. Throws CONFIG_INVALID with a
 * line for every fault, and what `loadPipeline` and `readSchemas` throw.
 */
export async function loadFixture(
  file: string,
  env: NodeJS.ProcessEnv,
  readSchemas: (pipeline: Pipeline) => Promise<TopicSchemas>,
): Promise<Fixture> {
  const yaml = new YamlFile(readYaml(file, 'fixture file'), file, { merge: true })
  const raw = yaml.content<RawFixture>(fixtureSchema)
  const own = Object.entries(raw.env ?? {}).map(([name, value]) => [name, String(value)])
  const pipelineFile = resolve(dirname(file), raw.pipeline)
  const pipeline = loadPipeline(pipelineFile, { ...env, ...Object.fromEntries(own) })
  const fixture = new FixtureReader(pipeline, await readSchemas(pipeline), yaml).read(raw)
  yaml.check()
  return fixture
}

/** From the file's content to bytes; what is wrong is reported to the file. */
class FixtureReader {
  readonly #pipeline: Pipeline
  readonly #yaml: YamlFile
  readonly #codec: PipelineCodec
  readonly #facts: AvroJson
  readonly #right: AvroJson
  readonly #dimensions: readonly AvroJson[]
  readonly #output: AvroJson

  constructor(pipeline: Pipeline, schemas: TopicSchemas, yaml: YamlFile) {
    this.#pipeline = pipeline
    this.#yaml = yaml
    this.#codec = createPipelineCodec(pipeline, schemas, null)
    this.#facts = new AvroJson(schemas.facts)
    this.#right = new AvroJson(schemas.right)
    this.#dimensions = schemas.dimensions.map((schema) => new AvroJson(schema))
    this.#output = new AvroJson(JSON.parse(this.#codec.outputSchema))
  }

  read(raw: RawFixture): Fixture {
    const rows = Object.entries(raw.dimensions ?? {}).flatMap(([name, some]) =>
      some.map((row, i) =>
        this.#row(name, ['dimensions', name], row, ['dimensions', name, String(i)]),
      ),
    )
    const cases = raw.cases.map(({ name, given, expect }, c) => {
      const path = ['cases', String(c)]
      const steps = given.map((step, i) => this.#step(step, [...path, 'given', String(i)]))
      const outputs = (kind: 'outputs' | 'unmatched') =>
        (expect[kind] ?? []).map((output, i) =>
          this.#expected(output, [...path, 'expect', kind, String(i)]),
        )
      const faults = (kind: 'rejects' | 'drops') =>
        (expect[kind] ?? []).map((fault, i) =>
          this.#fault(fault, [...path, 'expect', kind, String(i)]),
        )
      const expected = {
        outputs: outputs('outputs'),
        unmatched: outputs('unmatched'),
        rejects: faults('rejects'),
        drops: faults('drops'),
      }
      return { name, steps: [...rows, ...steps], expected }
    })
    const clock = this.#time(raw.clock, ['clock']) ?? CLOCK
    return { pipeline: this.#pipeline, codec: this.#codec, clock, cases }
  }

  #step(raw: RawStep, path: Path): Step {
    const { facts, join } = this.#pipeline
    if (raw.wait !== undefined) return { kind: 'wait', ms: milliseconds(raw.wait) }
    if (raw.row !== undefined) {
      const { dimension, ...row } = raw.row
      return this.#row(dimension, [...path, 'row', 'dimension'], row, [...path, 'row'])
    }
    if (raw.fact !== undefined) {
      const record = this.#record(raw.fact, facts, join.onLeft, this.#facts, [...path, 'fact'])
      return { kind: 'fact', record }
    }
    const record = this.#record(raw.right!, join, join.onRight, this.#right, [...path, 'right'])
    return { kind: 'right', record }
  }

  /** @param place of the name */
  #row(name: string, place: Path, raw: RawRecord, path: Path): Step {
    const { dimensions } = this.#pipeline
    const dimension = dimensions.findIndex((config) => config.name === name)
    if (dimension < 0) {
      const known = dimensions.map((config) => config.name)
      this.#yaml.report(place, `there is no dimension ${name}${didYouMean(name, known)}`)
      return { kind: 'wait', ms: 0 }
    }
    const [config, json] = [dimensions[dimension], this.#dimensions[dimension]]
    const record = this.#record(raw, { ...config, time: null }, undefined, json, path)
    return { kind: 'row', dimension, record }
  }

  /** @param on the field that is the key where none is given */
  #record(
    raw: RawRecord,
    topic: TopicConfig,
    on: string | undefined,
    json: AvroJson,
    path: Path,
  ): GivenRecord {
    const fields: Record<string, unknown> = {}
    const value = this.#value(raw, json, path, fields)
    const own = on === undefined ? null : (fields[on] as Key | undefined)
    const key = this.#key(raw.key === undefined ? (own ?? null) : raw.key, topic, path)
    const written = topic.time === null ? undefined : (fields[topic.time] as Time | null)
    const timestamp = this.#time(raw.timestamp ?? written ?? undefined, [...path, 'timestamp'])
    const headers = Object.entries(raw.headers ?? {}).map(
      ([name, text]) => [name, Buffer.from(text)] as const,
    )
    return { key, value, headers, timestamp }
  }

  /** @param fields gets those of the value */
  #value(
    { value, base64 }: RawRecord,
    json: AvroJson,
    path: Path,
    fields: Record<string, unknown>,
  ): Buffer | null {
    if (base64 !== undefined) return Buffer.from(base64, 'base64')
    if (value === null) return null
    if (value === undefined) {
      this.#yaml.report(path, 'the key "value" is missing')
      return null
    }
    const body = json.encode(value, (inside, message) =>
      this.#yaml.report([...path, 'value', ...inside], message),
    )
    if (body === undefined) return null
    Object.assign(fields, json.decode(body))
    return Buffer.concat([FRAME, body])
  }

  #key(key: Key, { keyFormat }: TopicConfig, path: Path): Buffer | null {
    if (key === null) return null
    const bytes = keyBytes(keyFormat, key)
    if (bytes === undefined) {
      this.#yaml.report([...path, 'key'], `${JSON.stringify(key)} is no key of format ${keyFormat}`)
    }
    return bytes ?? null
  }

  /** Whole milliseconds, as a record's timestamp is. */
  #time(time: Time | undefined, path: Path): number | undefined {
    if (typeof time !== 'string') return time
    const ms = parseTime(time)
    if (ms === undefined) {
      this.#yaml.report(path, `${JSON.stringify(time)} is not a time; write 2025-01-31T12:00:00Z`)
    }
    return ms === undefined ? undefined : Math.floor(ms)
  }

  #expected(raw: RawOutput, path: Path): ExpectedOutput {
    const { value, contains, headers } = raw
    if ((value === undefined) === (contains === undefined)) {
      this.#yaml.report(path, 'one of "value" (all fields) and "contains" (some) is needed')
    }
    const name = value === undefined ? 'contains' : 'value'
    const partial = value === undefined
    const fields = this.#output.normal(value ?? contains ?? {}, partial, (inside, message) =>
      this.#yaml.report([...path, name, ...inside], message),
    )
    const key = raw.key === undefined ? undefined : String(raw.key)
    const timestamp = this.#time(raw.timestamp, [...path, 'timestamp'])
    return { key, timestamp, headers, value: fields, partial }
  }

  #fault({ from, key, reason }: RawFault, path: Path): ExpectedFault {
    const known = ['fact', 'right', ...this.#pipeline.dimensions.map(({ name }) => name)]
    if (!known.includes(from)) {
      const what = `${from} is none of ${known.join(', ')}${didYouMean(from, known)}`
      this.#yaml.report([...path, 'from'], what)
    }
    return { from, key: key === undefined || key === null ? key : String(key), reason }
  }
}
