/**
 * Two versions of the tasks in one process, by turns: they meet the same moment of the machine and share
 * its caches, so that their ratio spreads by a few hundredths where that of whole runs spreads by a fifth.
 */
import { pathToFileURL } from 'node:url'
import { buildAsOf } from './as-of.ts'
import type { JoinTasks, JoinTasksOptions } from './join-tasks.ts'
import { printHeader } from './machine.ts'
import { ownFlags } from './micro.ts'
import { readOptions } from './options.ts'
import { ROOT } from './process.ts'
import { costOf } from './round-cost.ts'
import { describeRuns, printTable, showSpread, spreadOf } from './spread.ts'

const USAGE = `npm run bench -- by-turns [options]

  --against COMMIT  the other version (HEAD)
  --within W        the join's window (60s)
  --expressions E   the facts have expressions in ours: where (two comparisons), fields (three), or both
  --shape S         ours has a second join on the same key (joins), rows as of the facts' times (as-of), JSON in and
                    out (json, or json-bare: without schemas), JSON in and Avro out (json-in), facts in Protobuf
                    (protobuf), the same and Protobuf out (protobuf-out), or right records, too (protobuf-all)
  --both            the other version has expressions and shape as well: what they cost before and after
  --kind K          the join's kind (inner)
  --beside K        the other version's join's kind (as --kind)
  --turns N         turns of each in a run (60)
  --runs N          runs, each with new tasks (5)
  --flags "..."     V8 flags`

const PARTITIONS = 4
/** 10,000 orders and 10,000 payments are an epoch, and half a second of event time. */
const RECORDS_PER_ROUND = 10_000
const ROUND_MS = 500
const ROUNDS_PER_TURN = 2
/** Orders of the first rounds are paid after them, and the compilers need their time. */
const WARM_UP_ROUNDS = 40

const options = readOptions(USAGE, {
  against: 'HEAD',
  within: '60s',
  expressions: '',
  shape: '',
  both: false,
  kind: 'inner',
  beside: '',
  turns: 60,
  runs: 5,
})

/** Of ours, and of the other version. */
const kinds = [options.kind, options.beside || options.kind]

type Tasks = Pick<JoinTasks, 'round' | 'close'>

const EXPRESSIONS: Readonly<Record<string, JoinTasksOptions['expressions']>> = (() => {
  const where = 'price > 0.0 && channel != "test"'
  const fields = [
    { name: 'total', expression: 'quantity * price' },
    { name: 'ordered_day', expression: 'truncate(ordered_at, "day")' },
    { name: 'tariff_key', expression: 'channel + "-" + string(quantity)' },
  ]
  return { where: { where }, fields: { fields }, both: { where, fields } }
})()

async function open(folder: string, kind: string): Promise<Tasks> {
  const isShaped = folder === ROOT || options.both
  const file = pathToFileURL(`${folder}/bench/join-tasks.ts`).href
  const loaded = (await import(file)) as { JoinTasks: typeof JoinTasks }
  return loaded.JoinTasks.open({
    partitions: PARTITIONS,
    recordsPerRound: RECORDS_PER_ROUND,
    roundMs: ROUND_MS,
    within: options.within,
    expressions: isShaped ? EXPRESSIONS[options.expressions] : undefined,
    kind,
    isJoinedTwice: isShaped && options.shape === 'joins',
    isAsOf: isShaped && options.shape === 'as-of',
    isJson: isShaped && /^json/.test(options.shape),
    isJsonOut: isShaped && /^json(-bare)?$/.test(options.shape),
    isBare: isShaped && options.shape === 'json-bare',
    isProtobuf: isShaped && /^protobuf/.test(options.shape),
    isProtobufRight: isShaped && options.shape === 'protobuf-all',
    isProtobufOut: isShaped && /^protobuf-(out|all)$/.test(options.shape),
  })
}

/** @returns of each version: the median of its turns; and that of the turns' ratios, ours : the other's facts per CPU-second */
async function run(folders: readonly string[]): Promise<number[]> {
  const [ours, other] = [await open(folders[0], kinds[0]), await open(folders[1], kinds[1])]
  for (const tasks of [ours, other]) await costOf(tasks, WARM_UP_ROUNDS)
  const turns: number[][] = [[], [], []]
  for (let turn = 0; turn < options.turns; turn++) {
    const order = turn % 2 === 0 ? [ours, other] : [other, ours]
    const costs = new Map<Tasks, number>()
    for (const tasks of order) costs.set(tasks, (await costOf(tasks, ROUNDS_PER_TURN)).perFact)
    const [mine, its] = [costs.get(ours)!, costs.get(other)!]
    for (const [i, figure] of [mine, its, its / mine].entries()) turns[i].push(figure)
  }
  for (const tasks of [ours, other]) await tasks.close()
  return turns.map((figures) => spreadOf(figures).median)
}

printHeader('By turns')
const folders = [ROOT, await buildAsOf(options.against)]
const runs: number[][] = []
for (let i = 0; i < options.runs; i++) runs.push(await run(folders))
const [ours, other, ratios] = [0, 1, 2].map((of) => showSpread(runs.map((figures) => figures[of])))
const whose = options.both ? 'Both' : 'Ours'
console.log(`  CPU time, ${describeRuns(options.runs, ownFlags())}; window ${options.within}, ${kinds.join(' and ')}
  Everything but the network, as in the bench scale.${options.expressions && ` ${whose} with expressions: ${options.expressions}.`}${options.shape && ` ${whose} with ${options.shape}.`}`)
printTable([
  ['', 'µs of CPU per fact and payment'],
  ['stream-enricher', ours],
  [options.against, other],
])
console.log(`  facts/CPU-s, stream-enricher : ${options.against} = ${ratios}`)
