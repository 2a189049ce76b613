/** Fixture files: cases of a pipeline, checked against its schemas before any of them runs. */
import { existsSync } from 'node:fs'
import { basename, dirname, relative, resolve } from 'node:path'
import type { PipelineCodec } from '../../codec/port.ts'
import { loadPipeline } from '../../config/load.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { didYouMean } from '../../config/suggest.ts'
import { inputsOf, repartitioned, sourcesOf } from '../../config/topic-names.ts'
import { milliseconds } from '../../config/units.ts'
import { readYaml, YamlFile } from '../../config/yaml-file.ts'
import { EnricherError } from '../../errors.ts'
import { keyPlans } from '../../plan/key-readers.ts'
import { inputSchemas, type TopicSchemas } from '../../plan/output-plan.ts'
import { createPipelineCodec } from '../../plan/pipeline-codec.ts'
import isFixture from './fixture-check.ts'
import type {
  Key,
  Path,
  RawFault,
  RawFixture,
  RawOutput,
  RawRecord,
  RawStep,
} from './fixture-schema.ts'
import { type GivenRecord, GivenRecords, readTime } from './given-record.ts'
import { joinNamed, kindsOf, NO_JOIN } from './joins.ts'
import { type OutputValues, outputValues } from './output-values.ts'
import { withPlainKeys } from './plain-keys.ts'

export type Step =
  | { readonly kind: 'fact'; readonly record: GivenRecord }
  /** Of a join, by its number; the first where it has none. */
  | { readonly kind: 'right'; readonly join?: number; readonly record: GivenRecord }
  | { readonly kind: 'row'; readonly dimension: number; readonly record: GivenRecord }
  | { readonly kind: 'wait'; readonly ms: number }

/** A record that has to come out. What is undefined is not compared. */
export interface ExpectedOutput {
  /** The output's name; `output` where there is one without. */
  readonly to: string
  /** null: none; undefined: not compared. */
  readonly key: string | null | undefined
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

/** In place of a step that is wrong, which is reported. */
const NOTHING: Step = { kind: 'wait', ms: 0 }
const CLOCK = Date.parse('2025-01-01T00:00:00Z')

/**
 * Reads and checks a fixture file and the pipeline file that it names. Throws CONFIG_INVALID with a
 * line for every fault, and what `loadPipeline` and `readSchemas` throw.
 */
export async function loadFixture(
  file: string,
  env: NodeJS.ProcessEnv,
  readSchemas: (pipeline: Pipeline) => Promise<TopicSchemas>,
): Promise<Fixture> {
  const yaml = new YamlFile(readYaml(file, 'fixture file'), file, true)
  if (yaml.document.has('facts') && !yaml.document.has('cases')) throw isPipeline(file)
  const raw = yaml.content(isFixture)
  const own = Object.entries(raw.env ?? {}).map(([name, value]) => [name, String(value)])
  const pipelineFile = nameOf(resolve(dirname(file), raw.pipeline))
  if (!existsSync(pipelineFile))
    yaml.report(['pipeline'], `the file ${pipelineFile} does not exist`)
  yaml.check()
  const all = { ...env, ...Object.fromEntries(own) }
  const pipeline = withPlainKeys(loadPipeline(pipelineFile, all))
  const fixture = new FixtureReader(pipeline, await readSchemas(pipeline), yaml).read(raw)
  yaml.check()
  return fixture
}

/** As short as it can be named from here. */
function nameOf(path: string): string {
  const from = relative(process.cwd(), path)
  return from.startsWith('..') ? path : from
}

function isPipeline(file: string): EnricherError {
  const name = basename(file)
  const message = `${name} is a pipeline file, and test cases are wanted: write them into a file of their own, with \`pipeline: ${name}\` and \`cases:\` (examples/orders/pipeline.test.yaml is one)`
  return new EnricherError('CONFIG_INVALID', message)
}

/** Makes steps of bytes, and what is expected, from the file's content; what is wrong with it is reported to the file. */
class FixtureReader {
  readonly #pipeline: Pipeline
  readonly #yaml: YamlFile
  readonly #codec: PipelineCodec
  /** Facts, and each join's right records. */
  readonly #sources: readonly GivenRecords[]
  readonly #dimensions: readonly GivenRecords[]
  /** By output. */
  readonly #outputs: readonly OutputValues[]

  constructor(pipeline: Pipeline, schemas: TopicSchemas, yaml: YamlFile) {
    this.#pipeline = pipeline
    this.#yaml = yaml
    this.#codec = createPipelineCodec(pipeline, schemas, null)
    const all = inputSchemas(schemas)
    const keys = keyPlans(pipeline, schemas)
    const sources = sourcesOf(pipeline).length
    const { joins } = pipeline
    const through = repartitioned(pipeline).map(({ side }) => side)
    const on = [joins.at(0)?.onLeft, ...joins.map(({ onRight }) => onRight)].map((field, side) =>
      through.includes(side) ? undefined : field,
    )
    const given = inputsOf(pipeline).map(({ config }, i) => {
      const topic = i < sources ? config : { ...config, time: null }
      return new GivenRecords(topic, on.at(i), all[i], keys[i], yaml.report)
    })
    this.#sources = given.slice(0, sources)
    this.#dimensions = given.slice(sources)
    this.#outputs = pipeline.outputs.map((one, o) => outputValues(one, this.#codec.outputs[o]))
  }

  read(raw: RawFixture): Fixture {
    const rows = Object.entries(raw.dimensions ?? {}).flatMap(([name, some]) =>
      some.map((row, i) =>
        this.#row(name, ['dimensions', name], row, ['dimensions', name, String(i)]),
      ),
    )
    const cases = raw.cases.map((one, c) => this.#case(one, rows, ['cases', String(c)]))
    const clock = readTime(raw.clock, ['clock'], this.#yaml.report) ?? CLOCK
    return { pipeline: this.#pipeline, codec: this.#codec, clock, cases }
  }

  #case(
    { name, given, expect }: RawFixture['cases'][number],
    rows: readonly Step[],
    path: Path,
  ): Case {
    const steps = given.map((step, i) => this.#step(step, [...path, 'given', String(i)]))
    const outputs = (kind: 'outputs' | 'unmatched') =>
      (expect[kind] ?? []).map((output, i) =>
        this.#expected(output, [...path, 'expect', kind, String(i)]),
      )
    const faults = (kind: 'rejects' | 'drops') =>
      (expect[kind] ?? []).map((fault, i) =>
        this.#fault(fault, [...path, 'expect', kind, String(i)]),
      )
    if (this.#sources.length === 1 && (expect.unmatched ?? []).length > 0) {
      this.#yaml.report([...path, 'expect', 'unmatched'], `${NO_JOIN}: facts are outputs`)
    }
    if (this.#outputs.length > 1 && (expect.unmatched ?? []).length > 0) {
      const why = 'there are several outputs: all that comes out is among outputs, with its to'
      this.#yaml.report([...path, 'expect', 'unmatched'], why)
    }
    const expected = {
      outputs: outputs('outputs'),
      unmatched: outputs('unmatched'),
      rejects: faults('rejects'),
      drops: faults('drops'),
    }
    return { name, steps: [...rows, ...steps], expected }
  }

  #step(raw: RawStep, path: Path): Step {
    if (raw.wait !== undefined) return { kind: 'wait', ms: milliseconds(raw.wait) }
    if (raw.row !== undefined) {
      const { dimension, ...row } = raw.row
      return this.#row(dimension, [...path, 'row', 'dimension'], row, [...path, 'row'])
    }
    const [facts] = this.#sources
    if (raw.fact !== undefined) {
      const record = facts.read(raw.fact, [...path, 'fact'])
      return { kind: 'fact', record }
    }
    const right = raw.right!
    const join = joinNamed(right.join, this.#pipeline, [...path, 'right'], this.#yaml.report)
    if (join < 0) return NOTHING
    const record = this.#sources[1 + join].read(right, [...path, 'right'])
    return { kind: 'right', join, record }
  }

  /** @param place of the name */
  #row(name: string, place: Path, raw: RawRecord, path: Path): Step {
    const { dimensions } = this.#pipeline
    const dimension = dimensions.findIndex((config) => config.name === name)
    if (dimension < 0) {
      const known = dimensions.map((config) => config.name)
      this.#yaml.report(place, `there is no dimension ${name}${didYouMean(name, known)}`)
      return NOTHING
    }
    return { kind: 'row', dimension, record: this.#dimensions[dimension].read(raw, path) }
  }

  #expected(raw: RawOutput, path: Path): ExpectedOutput {
    const { value, contains, headers } = raw
    if ((value === undefined) === (contains === undefined)) {
      this.#yaml.report(path, 'one of "value" (all fields) and "contains" (some) is needed')
    }
    const name = value === undefined ? 'contains' : 'value'
    const partial = value === undefined
    const o = this.#outputNamed(raw.to, path)
    const fields = this.#outputs[o].normal(value ?? contains ?? {}, partial, (inside, message) =>
      this.#yaml.report([...path, name, ...inside], message),
    )
    const key = keyText(raw.key)
    const timestamp = readTime(raw.timestamp, [...path, 'timestamp'], this.#yaml.report)
    const to = this.#pipeline.outputs[o].path.at(-1)!
    return { to, key, timestamp, headers, value: fields, partial }
  }

  /** Which output is meant; one that is not known is reported. */
  #outputNamed(name: string | undefined, path: Path): number {
    const names = this.#pipeline.outputs.map((output) => output.path.at(-1)!)
    if (name === undefined && names.length === 1) return 0
    const at = names.indexOf(name ?? '')
    if (at >= 0) return at
    const known = `the outputs are ${names.join(', ')}`
    if (name === undefined) this.#yaml.report(path, `needs to, for ${known}`)
    else
      this.#yaml.report(
        [...path, 'to'],
        `there is no output ${name}${didYouMean(name, names)}; ${known}`,
      )
    return 0
  }

  #fault({ from, key, reason }: RawFault, path: Path): ExpectedFault {
    const known = [...kindsOf(this.#pipeline), ...this.#pipeline.dimensions.map(({ name }) => name)]
    if (!known.includes(from)) {
      const what = `${from} is none of ${known.join(', ')}${didYouMean(from, known)}`
      this.#yaml.report([...path, 'from'], what)
    }
    return { from, key: keyText(key), reason }
  }
}

const keyText = (key: Key | undefined): string | null | undefined =>
  key === undefined || key === null ? key : String(key)
