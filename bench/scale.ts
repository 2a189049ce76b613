/** Whether a fact costs the same with many partitions, and with a large window. */
import { JoinTasks } from './join-tasks.ts'
import { printHeader } from './machine.ts'
import { ownFlags } from './micro.ts'
import { readOptions } from './options.ts'
import { type Cost, costOf } from './round-cost.ts'
import { describeRuns, number, printTable, showSpread, spreadOf } from './spread.ts'

const USAGE = `npm run bench -- scale [options]

  --facts N       facts of a run at 4 and at 64 partitions (500000); as many payments
  --records N     records in the large window (10000000); the small one has a tenth
  --runs N        runs at each number of partitions (3)
  --flags "..."   V8 flags`

/** 10,000 orders and 10,000 payments are an epoch: a tenth of a second at 100,000 facts a second. */
const RECORDS_PER_ROUND = 10_000
/** Event time of a round: 20,000 orders a second. */
const ROUND_MS = 500
const PARTITIONS = [4, 64]
/** Nothing expires meanwhile. */
const WITHIN = '2h'
/** Orders of the first rounds are paid after them. */
const WARM_UP_ROUNDS = 25

const options = readOptions(USAGE, { facts: 500_000, records: 10_000_000, runs: 3 })

const open = (partitions: number): Promise<JoinTasks> =>
  JoinTasks.open({
    partitions,
    recordsPerRound: RECORDS_PER_ROUND,
    roundMs: ROUND_MS,
    within: WITHIN,
  })

async function partitions(): Promise<void> {
  const rounds = Math.ceil(options.facts / RECORDS_PER_ROUND)
  const costs = PARTITIONS.map((): Cost[] => [])
  for (let run = 0; run < options.runs; run++) {
    for (const [i, count] of PARTITIONS.entries()) {
      const tasks = await open(count)
      await costOf(tasks, WARM_UP_ROUNDS)
      costs[i].push(await costOf(tasks, rounds))
      await tasks.close()
    }
  }
  const rows = PARTITIONS.map((count, i) => [
    `${count} partitions`,
    showSpread(costs[i].map(({ perFact }) => perFact)),
    showSpread(costs[i].map(({ outputsPerFact }) => outputsPerFact)),
  ])
  printTable([['', 'µs of CPU per fact and payment', 'outputs per fact'], ...rows])
  const [few, many] = costs.map((runs) => spreadOf(runs.map(({ perFact }) => perFact)).median)
  console.log(`  64 partitions : 4 partitions = ${number(many / few)}`)
}

/** Two stretches of one run, while the window grows: each as long as a tenth of the small window. */
async function windows(): Promise<void> {
  const tasks = await open(PARTITIONS[0])
  const stretch = Math.ceil(options.records / 20 / RECORDS_PER_ROUND / 2)
  const rows: string[][] = []
  const figures: number[] = []
  for (const records of [options.records / 10, options.records]) {
    const until = records - stretch * RECORDS_PER_ROUND * 2
    while (tasks.records < until) await tasks.round()
    const costs: Cost[] = []
    const parts = Math.min(5, stretch)
    for (let part = 0; part < parts; part++) {
      costs.push(await costOf(tasks, Math.ceil(stretch / parts)))
    }
    rows.push([
      `up to ${number(tasks.records)} records`,
      showSpread(costs.map(({ perFact }) => perFact)),
      showSpread(costs.map(({ outputsPerFact }) => outputsPerFact)),
    ])
    figures.push(spreadOf(costs.map(({ perFact }) => perFact)).median)
  }
  await tasks.close()
  printTable([['', 'µs of CPU per fact and payment', 'outputs per fact'], ...rows])
  console.log(`  large window : small window = ${number(figures[1] / figures[0])}`)
}

printHeader('Scale')
console.log(`  CPU time, ${describeRuns(options.runs, ownFlags())}
  Everything but the network: tasks in this process on batches made beforehand; an epoch of ${RECORDS_PER_ROUND}
  facts and ${RECORDS_PER_ROUND} payments is sealed into record batches and written to LevelDB. Payments come
  0.5 to 12.5 s of event time after their orders.`)
await partitions()
await windows()
