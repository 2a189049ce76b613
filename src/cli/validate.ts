/** `validate FILE`: everything that can be found out without a broker. */

import { UNIT_NAMES } from '../codec/avro/time.ts'
import { ALL_MEMBERS } from '../codec/json/undeclared.ts'
import { comesOutAlone } from '../config/join-kind.ts'
import { loadPipeline } from '../config/load.ts'
import { joinPart } from '../config/look-ups.ts'
import type {
  DimensionConfig,
  JoinConfig,
  OutputConfig,
  Pipeline,
  TopicConfig,
} from '../config/pipeline.ts'
import { bytesText, durationText, plural } from '../config/text.ts'
import { internalTopics, repartitioned } from '../config/topic-names.ts'
import { longestWait } from '../config/waits.ts'
import { keyBytesDiffer } from '../plan/key-formats.ts'
import { allOf, type OutputField, type OutputPlan, planOutput } from '../plan/output-plan.ts'
import { toldBytes } from './checks/room.ts'
import { estimateBytes, type RecordBytesEstimate, TEXT_BYTES, typeText } from './checks/size.ts'
import { compile } from './compile.ts'
import { print, styled } from './terminal.ts'

export async function validate(file: string): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  const compiled = await compile(pipeline)
  const plan = planOutput(pipeline, compiled.schemas)
  print(`${styled('green', `${file} is valid`)}\n`)
  for (const line of topology(pipeline, plan)) print(line)
  const differ = keyBytesDiffer(pipeline, compiled)
  if (differ !== null) print(`\n${styled('yellow', '!')} ${keysApart(differ)}`)
  print('')
  for (const line of outputFields(pipeline, plan)) print(line)
}

/** What flows where, a line for each topic, in the order in which a fact meets them. */
export function topology(pipeline: Pipeline, plan: OutputPlan): string[] {
  const { facts, dimensions, joins, outputs, output, name } = pipeline
  const bytes = estimateBytes(plan)
  const [join] = joins
  const keyed = join === undefined ? '' : `${keyText(pipeline, 0, join.onLeft)}, `
  const at = join === undefined ? ', as soon as a fact has its rows, under the fact’s key' : ''
  return [
    `${name}: ${facts.topic}${whereText(facts)}, ${keyed}event time is ${timeText(facts)}`,
    ...dimensions.map(
      (config, d) =>
        `  + ${config.name}: ${config.topic}${whereText(config)} by ${config.on}${asOfText(config)}: ${names(plan.dimensions[d])} (without a row: ${fateText(config)})`,
    ),
    ...joinLines(pipeline, plan),
    ...outputs.map((one) => outputLine(one, plan, bytes, at)),
    `  ! ${output.rejects}: records that cannot be processed`,
    '',
    ...stateLines(pipeline, bytes),
    `(texts are taken to have ${TEXT_BYTES} bytes; check looks at real records)`,
  ]
}

const FATES = { null: 'nulls', drop: 'the fact is dropped', reject: 'the fact is rejected' }
const fateText = ({ missing, waitMs }: DimensionConfig): string =>
  waitMs === 0 ? FATES[missing] : `waits for ${durationText(waitMs)}, then ${FATES[missing]}`

function timeText({ time, timeUnit }: Pick<TopicConfig, 'time' | 'timeUnit'>): string {
  if (time === null) return "the record's timestamp"
  return timeUnit === null ? time : `${time} in ${UNIT_NAMES[timeUnit]}`
}

function asOfText({ asOf, historyMs, ...config }: DimensionConfig): string {
  if (asOf === null) return ''
  const kept = Number.isFinite(historyMs) ? `for ${durationText(historyMs)}` : 'for ever'
  return ` as of the event time, rows valid from ${timeText(config)} and kept ${kept}`
}

const FORM_TEXTS = { avro: '', json: ' as JSON', protobuf: ' in Protobuf' }

/** As much of an expression as fits beside others. */
const MOST_SHOWN = 60

function shown(expression: string): string {
  const line = expression.trim().replaceAll(/\s+/g, ' ')
  return line.length > MOST_SHOWN ? `${line.slice(0, MOST_SHOWN)}…` : line
}

const whereText = ({ where }: Pick<TopicConfig, 'where'>): string =>
  where === null ? '' : ` (where ${shown(where)})`

function outputLine(
  output: OutputConfig,
  plan: OutputPlan,
  bytes: RecordBytesEstimate,
  at: string,
): string {
  const { topic, format, select, key, fields: derived } = output
  const size =
    select === null && format === 'avro' ? `, about ${bytesText(bytes.output)} a record` : ''
  const all = select?.length ?? allOf(plan).length + derived.length
  const made = derived.map(({ name, expression }) => `, ${name} = ${shown(expression)}`).join('')
  const isWhole = select === null && plan.facts.some((field) => field.source === ALL_MEMBERS)
  const fields = `${isWhole ? `all members and ${plural(all - 1, 'field')}` : plural(all, 'field')}${made}`
  return `  → ${topic}${FORM_TEXTS[format]}${whereText(output)}: ${fields}${size}${key === null ? at : `, keyed by ${key}`}`
}

const names = (fields: readonly OutputField[]): string => fields.map(({ name }) => name).join(', ')

function joinLines(pipeline: Pipeline, { rights }: OutputPlan): string[] {
  const isColumn = (joinPart(pipeline)?.dimension ?? null) !== null
  return pipeline.joins.flatMap((join, j) => {
    const { topic, onLeft, onRight, kind } = join
    const line = `  ⋈ ${topic}${whereText(join)}, ${keyText(pipeline, 1 + j, onRight)}, ${windowText(join)}, ${kind}: ${names(rights[j])}`
    if (!isColumn) return [line]
    const fate = comesOutAlone(kind, 'left') ? 'comes out at once, without a match' : 'is dropped'
    return [line, `    (a fact without ${onLeft} ${fate})`]
  })
}

/** How a side's records come to be where those of the same join key are. */
function keyText(pipeline: Pipeline, side: number, field: string): string {
  const through = repartitioned(pipeline).find((one) => one.side === side)
  return through === undefined ? `keyed by ${field}` : `by ${field} through ${through.topic}`
}

/** What is kept of records; nothing where tasks keep no state. */
function stateLines(pipeline: Pipeline, { windows }: RecordBytesEstimate): string[] {
  const { joins, dimensions } = pipeline
  const internal = internalTopics(pipeline)
  if (internal.length === 0) return []
  // A left record tells of all that it was made of.
  const told = (join: number): number =>
    Array.from({ length: join + 1 }, (_, source) => toldBytes(pipeline, source)).reduce(
      (a, b) => a + b,
    )
  return [
    `Internal topics: ${internal.join(', ')}`,
    ...(longestWait(dimensions) === 0
      ? []
      : ['Facts that wait for a row: as they came, on disk and in the changelog']),
    ...windows.map(({ left, right }, j) => {
      const of = joins.length === 1 ? 'Window' : `Window of ${joins[j].name}`
      const what = j === 0 ? 'fact' : 'left record'
      const [ofLeft, ofRight] = [left + told(j), right + toldBytes(pipeline, j + 1)].map(bytesText)
      return `${of}: about ${ofLeft} for each ${what} and ${ofRight} for each right record, on disk and in the changelog`
    }),
  ]
}

const keysApart = (cause: string): string =>
  `${cause}: equal keys have different bytes, and with several partitions they meet only where a partitioner looks at what the key says. Write both with one serializer; check looks at where the keys lie`

function windowText({ beforeMs, afterMs, graceMs, waitMs }: JoinConfig): string {
  const within =
    beforeMs === afterMs
      ? `within ${durationText(afterMs)}`
      : `from ${durationText(beforeMs)} before to ${durationText(afterMs)} after`
  const longer = waitMs === 0 ? '' : ` and the wait for a row, ${durationText(waitMs)}`
  return `${within}, grace ${durationText(graceMs)}${longer}`
}

/** `orders.price`, or the expression of a derived field on one line. */
function sourceText(source: string, { topic, fields }: TopicConfig): string {
  if (source === ALL_MEMBERS) return topic
  const derived = fields.find(({ name }) => name === source)
  return derived === undefined ? `${topic}.${source}` : `= ${shown(derived.expression)}`
}

function outputFields(pipeline: Pipeline, plan: OutputPlan): string[] {
  const of = (fields: readonly OutputField[], from: TopicConfig): string[][] =>
    fields.map(({ name, source, type, branch }) => [
      name,
      typeText(branch ? ['null', type] : type),
      sourceText(source, from),
    ])
  const { facts, dimensions, joins } = pipeline
  const rows = [
    ['output field', 'type', 'from'],
    ...of(plan.facts, facts),
    ...dimensions.flatMap((config, d) => of(plan.dimensions[d], config)),
    ...joins.flatMap((join, j) => of(plan.rights[j], join)),
  ]
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map(([name, type, from], i) => {
    const line = `${name.padEnd(widths[0])}  ${type.padEnd(widths[1])}  ${from}`
    return i === 0 ? styled('bold', line) : line
  })
}
