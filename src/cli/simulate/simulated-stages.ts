import { decodeRecordBatches } from '../../broker/record-columns.ts'
import { taskOf } from '../../broker/task-number.ts'
import type { Plan } from '../../plan/plan.ts'
import type { PageStore } from '../../state/page-store.ts'
import { createTask } from '../../task/create-task.ts'
import type { RunnableTask, TaskContext, TaskEpoch, TaskFigures } from '../../task/task.ts'
import { answerOf, type TimedRecord } from './records.ts'

type Batch = TaskEpoch['outputs'][number]

/** The stages of a plan with a task each, and between them internal topics of one partition. */
export class SimulatedStages {
  readonly #plan: Plan
  readonly #tasks: readonly RunnableTask[]
  /** By source of the plan: the offset that its next record gets. */
  readonly #offsets: number[]

  /** @param pages of the stages that keep state */
  constructor(plan: Plan, pages: readonly PageStore[], context: TaskContext) {
    const { stages, sources } = plan
    this.#plan = plan
    this.#offsets = sources.map(() => 0)
    this.#tasks = stages.map(({ number, state }) =>
      createTask(taskOf(number, stages.length), state && pages[state.number], context),
    )
  }

  /** Of the last stage. */
  figures(): TaskFigures {
    return this.#tasks[this.#tasks.length - 1].figures()
  }

  /** The source's next record; without one nothing has come until now. */
  async offer(source: number, record?: TimedRecord): Promise<void> {
    const offset = this.#offsets[source]
    if (record !== undefined) this.#offsets[source]++
    const { task, side } = this.#readerOf(source)
    task.offer(side, await answerOf(this.#plan.sources[source].topic, offset, record))
  }

  /** The same of all sources: nothing has come. */
  async offerNothing(): Promise<void> {
    for (const source of this.#plan.sources.keys()) await this.offer(source)
  }

  /**
   * Has the tasks work until there is nothing left to do; each round of one is an epoch.
   * @param commit gets it, but for what goes to the next stage
   */
  async process(commit: (epoch: TaskEpoch, topics: readonly string[]) => Promise<void>) {
    for (const [stage, task] of this.#tasks.entries()) {
      const { topics, to } = this.#plan.stages[stage]
      while (await task.process()) {
        const epoch = task.drain()
        if (epoch === undefined) continue
        const isInternal = ({ topic }: Batch): boolean => topic === to?.topic
        for (const batch of epoch.outputs.filter(isInternal)) await this.#carry(batch)
        await commit({ ...epoch, outputs: epoch.outputs.filter((b) => !isInternal(b)) }, topics)
      }
    }
  }

  /** To the stage that reads the batch's topic. */
  async #carry(batch: Batch): Promise<void> {
    const { topic } = batch
    const source = this.#plan.sources.findIndex((one) => one.topic === topic)
    const first = this.#offsets[source]
    const bytes = Buffer.from(await batch.seal(1n, 0, 0))
    batch.release()
    bytes.writeBigInt64BE(BigInt(first))
    const columns = await decodeRecordBatches(bytes, first, [])
    const end = columns.nextOffset
    this.#offsets[source] = end
    const { task, side } = this.#readerOf(source)
    task.offer(side, { topic, partition: 0, columns, lastStableOffset: end, highWatermark: end })
  }

  /** The task that reads a source, and the source's number there. */
  #readerOf(source: number): { task: RunnableTask; side: number } {
    const of = this.#plan.stages.findIndex(({ sources }) => sourceIn(sources, source) >= 0)
    return { task: this.#tasks[of], side: sourceIn(this.#plan.stages[of].sources, source) }
  }
}

const sourceIn = (sources: readonly { readonly index: number }[], source: number): number =>
  sources.findIndex(({ index }) => index === source)
