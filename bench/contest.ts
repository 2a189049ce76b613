/** Several ways to do one job over the same topics, by turns. */
import type { CatchUp } from './catch-up.ts'
import { type BenchKafka, deleteTopicsOf } from './kafka.ts'
import { describeRuns, number, printTable, showSpread } from './spread.ts'

export interface Contestant {
  readonly title: string
  run(): Promise<CatchUp>
}

interface Contest {
  readonly orders: number
  readonly runs: number
  readonly flags: string
  /** Looks at what the first contestant has written last. */
  check(output: string): Promise<unknown>
}

interface Result {
  readonly title: string
  readonly runs: CatchUp[]
}

/** Runs them by turns, and prints each one's figures and the first one's ratios to the others. */
export async function contest(
  kafka: BenchKafka,
  list: readonly Contestant[],
  { orders, runs, flags, check }: Contest,
): Promise<void> {
  const results = list.map(({ title }): Result => ({ title, runs: [] }))
  for (let round = 1; round <= runs; round++) {
    for (const [i, contestant] of list.entries()) {
      const result = await contestant.run()
      results[i].runs.push(result)
      console.log(
        `  ${round}/${runs} ${contestant.title}: ${number(orders / result.cpu)} facts/CPU-s`,
      )
      if (round === runs && i === 0) await check(result.output)
      await deleteTopicsOf(kafka, result.name)
    }
  }
  console.log(`  ${orders} facts, ${describeRuns(runs, flags)}`)
  print(results, orders)
}

function print(results: readonly Result[], orders: number): void {
  const head = ['', 'facts/CPU-s', 'whole life', 'facts/s', 'peak MB', 'broker CPU-s']
  const row = ({ title, runs }: Result): string[] => [
    title,
    showSpread(runs.map(({ cpu }) => orders / cpu)),
    showSpread(runs.map(({ lifeCpu }) => orders / lifeCpu)),
    showSpread(runs.map(({ wall }) => orders / wall)),
    showSpread(runs.map(({ peakBytes }) => peakBytes / 2 ** 20)),
    showSpread(runs.map(({ brokerCpu }) => brokerCpu)),
  ]
  printTable([head, ...results.map(row)])
  const [first, ...others] = results
  for (const other of others) {
    // Of the same round: figures drift within minutes on a shared machine.
    const ratios = first.runs.map(({ cpu }, round) => other.runs[round].cpu / cpu)
    console.log(`  facts/CPU-s, ${first.title} : ${other.title} = ${showSpread(ratios)}`)
  }
}
