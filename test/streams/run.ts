/**
 * Compares the product's simulation and the model with Kafka Streams' own test driver: in order all three give the
 * same rows; with late records, and without grace, each difference has a reason that is known. Ends with 1 where one has not.
 *
 *     npm run test:streams -- [--runs 600] [--chains 0] [--seed N] [--kafka 4.4.0] [--store rocksDB | in_memory] [--model]
 */
import { parseArgs } from 'node:util'
import fc from 'fast-check'
import { rowOf, SimulatedJoin } from '../cli/simulate/join/simulated-join.ts'
import { LEFT, type ModelRecord, type ModelTimes } from '../window/model.ts'
import { NOON, randomStreams, type StreamOptions } from '../window/random-streams.ts'
import { compareChains } from './chains.ts'
import { type Reason, reasons, Trace } from './differences.ts'
import { type DriverRow, rowsOfKafkaStreams } from './driver.ts'
import { situations } from './situations.ts'

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '600' },
    chains: { type: 'string', default: '0' },
    seed: { type: 'string' },
    kafka: { type: 'string', default: '4.4.0' },
    store: { type: 'string', default: 'rocksDB' },
    model: { type: 'boolean', default: false },
  },
})
const runs = Number(values.runs)
const chains = Number(values.chains)
const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31))
const store = values.store === 'in_memory' ? 'in_memory' : 'rocksDB'

/** Both sides' last records are so far ahead that whatever is open closes. */
const END_MS = 10_000_000
const PLAIN: StreamOptions = {
  late: false,
  faults: [],
  silences: false,
  grace: { min: 1, max: 6 },
  maxLength: 60,
}

interface Stream {
  readonly times: ModelTimes
  readonly records: readonly ModelRecord[]
}

function streamsOf(options: Partial<StreamOptions>): Stream[] {
  const streams = fc.sample(randomStreams({ ...PLAIN, ...options }), { seed, numRuns: runs })
  return streams.map(({ times: { beforeMs, afterMs, graceMs, kind }, steps }) => {
    const records = steps.filter((step) => step !== 'silence')
    const end = Math.max(0, ...records.map(({ time }) => time)) + END_MS
    const last = [0, 1].map((side) => ({ side, key: 'end', time: end, id: records.length + side }))
    return { times: { beforeMs, afterMs, graceMs, kind }, records: [...records, ...last] }
  })
}

/** Where something is wrong: what, and the smallest stream with it. */
const faults = new Map<string, string>()
function fault(what: string, { times, records }: Stream, rows: readonly string[]): void {
  const text = [
    JSON.stringify(times),
    ...records.map(
      ({ side, key, time, id }) => `${side === LEFT ? 'L' : 'R'}${id} ${key} @${time - NOON}`,
    ),
    `rows: ${rows.join(', ')}`,
  ].join('\n    ')
  const before = faults.get(what)
  if (before === undefined || before.length > text.length) faults.set(what, text)
}

const chained = <R>({ times, records }: { times: ModelTimes; records: R }) => {
  return { joins: [times], records }
}

const sorted = (rows: Iterable<string>): string => [...rows].sort().join(' ')

async function simulate(stream: Stream): Promise<void> {
  const simulated = await SimulatedJoin.open(stream.times, false)
  try {
    for (const record of stream.records) await simulated.take({ ...record, fault: undefined })
    const ours = new Trace(stream.times, stream.records).rows
    const { rows } = simulated
    if (sorted(rows) === sorted(ours)) return
    const more = rows.filter((row) => !ours.has(row)).map((row) => `+${row}`)
    const less = [...ours].filter((row) => !rows.includes(row)).map((row) => `-${row}`)
    fault('the simulation gives other rows than the model', stream, [...more, ...less])
  } finally {
    await simulated.close()
  }
}

/** A row's key and timestamp follow from its records; whether theirs do is checked here. */
function rowsOf(stream: Stream, theirs: readonly DriverRow[]): Set<string> {
  const rows = new Set<string>()
  for (const {
    ids: [left, right],
    key,
    time,
  } of theirs) {
    const row = `${left ?? ''}-${right ?? ''}`
    const pair = [left, right].flatMap((id) => (id === null ? [] : stream.records[Number(id)]))
    const latest = Math.max(...pair.map((record) => record.time))
    if (rows.has(row) || key !== pair[0].key || time !== latest) fault('an odd row', stream, [row])
    rows.add(row)
  }
  return rows
}

/** @param known reasons for which rows may differ */
async function compare(name: string, options: Partial<StreamOptions>, known: readonly Reason[]) {
  const streams = streamsOf(options)
  const theirs = await rowsOfKafkaStreams(streams.map(chained), { version: values.kafka, store })
  const counts = new Map<Reason, number>()
  let all = 0
  let same = 0
  for (const [i, stream] of streams.entries()) {
    if (!values.model) await simulate(stream)
    const rows = rowsOf(stream, theirs[i])
    const differences = new Trace(stream.times, stream.records).differences(rows)
    all += rows.size
    if (differences.length === 0) same++
    for (const { row, reason } of differences) {
      if (reason !== undefined && known.includes(reason)) {
        counts.set(reason, (counts.get(reason) ?? 0) + 1)
      } else
        fault(`Kafka Streams gives other rows, ${reason ?? 'for no known reason'}`, stream, [row])
    }
  }
  console.log(`${name}: ${streams.length} streams, ${all} rows of theirs; ${same} streams the same`)
  for (const [reason, rows] of counts) {
    console.log(`  ${rows} rows differ: ${reason}. Only ${reasons[reason]}`)
  }
}

/** Each situation has the rows that are written with it, on both sides. */
async function compareSituations(): Promise<void> {
  const streams = situations.map(({ times, records }) => ({
    times,
    records: records.map((record) => ({
      ...record,
      key: record.fault === 'null_key' ? null : record.key,
      id: record.fault === 'null_value' ? null : record.id,
    })),
  }))
  const theirs = await rowsOfKafkaStreams(streams.map(chained), { version: values.kafka, store })
  for (const [i, situation] of situations.entries()) {
    const rows = theirs[i].map(
      ({ ids, headers }) => `${ids.map((id) => id ?? '').join('-')} ${headers}`,
    )
    if (sorted(rows) !== sorted(situation.theirs)) {
      fault(`Kafka Streams gives other rows where ${situation.name}`, situation, rows)
    }
    const simulated = await SimulatedJoin.open(situation.times, true)
    for (const record of situation.records) await simulated.take(record)
    await simulated.take('silence')
    const ours = simulated.outputs.map(({ value, headers }) => `${rowOf(value)} ${headers.record}`)
    await simulated.close()
    if (sorted(ours) === sorted(situation.ours)) continue
    fault(`the simulation gives other rows where ${situation.name}`, situation, ours)
  }
  console.log(`${situations.length} situations of docs/joins.md`)
}

const who = values.model ? 'the model' : 'the simulation and the model'
console.log(`Kafka Streams ${values.kafka} (${store}) beside ${who}; --seed ${seed}`)
await compareSituations()
// A chain takes much longer than a join.
if (chains > 0) {
  await compareChains({ runs: chains, seed, version: values.kafka, store }, (what, text) =>
    faults.set(what, text),
  )
}
await compare('in order, with grace', {}, [])
await compare('in order, without grace', { grace: { min: 0, max: 0 } }, [
  'the last instant',
  'consequence',
])
await compare('with late records', { late: true }, Object.keys(reasons) as Reason[])
for (const [what, stream] of faults)
  console.log(`FAULT: ${what}; the smallest stream:\n    ${stream}`)
process.exit(faults.size === 0 ? 0 : 1)
