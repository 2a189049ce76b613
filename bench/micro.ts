/** Measures work inside this process: CPU time per record, of all its threads. */
import { showSpread } from './spread.ts'

/** Optimizing compilers need some time before a loop is as fast as it gets. */
const WARM_UP_MS = 1000
/** A sample is repeated until it has taken this long. */
const SAMPLE_MS = 250
/** A sample that is mostly preparation ends after so many times that long. */
const MOST_WAITING = 8

export interface Case<T> {
  readonly name: string
  /** What one call of `work` handles. */
  readonly records: number
  /** Not measured. */
  prepare(): T | Promise<T>
  work(prepared: T): void | Promise<void>
}

const cpuMs = (): number => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Nanoseconds per record, over calls that together take `ms` of CPU time. */
async function sample<T>({ records, prepare, work }: Case<T>, ms: number): Promise<number> {
  let taken = 0
  let calls = 0
  const limit = performance.now() + ms * MOST_WAITING
  for (; taken < ms && (calls === 0 || performance.now() < limit); calls++) {
    const prepared = await prepare()
    const before = cpuMs()
    const done = work(prepared)
    if (done !== undefined) await done
    taken += cpuMs() - before
  }
  return (taken * 1e6) / (records * calls)
}

/** One row of the table. @returns its figures, in nanoseconds per record */
export async function measure<T>(of: Case<T>, runs: number): Promise<number[]> {
  await sample(of, WARM_UP_MS)
  const figures: number[] = []
  for (let run = 0; run < runs; run++) figures.push(await sample(of, SAMPLE_MS))
  console.log(`  ${of.name.padEnd(64)}${showSpread(figures)} ns`)
  return figures
}

/** The V8 flags of this process. */
export const ownFlags = (): string =>
  process.execArgv.filter((flag) => flag.startsWith('--') && flag !== '--import').join(' ')
