import type { JoinTasks } from './join-tasks.ts'

export interface Cost {
  /** Microseconds of CPU time, of all threads, per fact and payment. */
  readonly perFact: number
  readonly outputsPerFact: number
}

/** Of so many rounds. */
export async function costOf(tasks: Pick<JoinTasks, 'round'>, rounds: number): Promise<Cost> {
  const before = process.cpuUsage()
  let facts = 0
  let outputs = 0
  for (let i = 0; i < rounds; i++) {
    const done = await tasks.round()
    facts += done.facts
    outputs += done.outputs
  }
  const { user, system } = process.cpuUsage(before)
  return { perFact: (user + system) / facts, outputsPerFact: outputs / facts }
}
