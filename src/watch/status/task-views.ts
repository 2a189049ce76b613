/** What API and page show of the tasks of an instance, and of the stages that they are of. */
import type { InputQueue } from '../../input/input-queue.ts'
import type { Plan } from '../../plan/plan.ts'
import type { RunnableTask } from '../../task/task.ts'
import { placeOf, queuesOf } from './join-views.ts'
import type { ServiceParts } from './parts.ts'
import { progress } from './report.ts'
import { slowestOf, waitOf } from './versions-view.ts'

/** What each stage reads and joins, and where its records go; null: they come out. */
export const stagesView = ({ stages }: Plan): object[] =>
  stages.map(({ number, topics, joins, to }) => ({
    number,
    topics,
    joins: joins.map(({ name }) => name),
    to: to?.topic ?? null,
  }))

/** Of all stages, in the data's order. */
export function tasksView({ plan, worker, dimensions }: ServiceParts): object[] {
  const slowest = slowestOf(dimensions)
  const tasks = [...(worker?.tasks ?? [])]
  tasks.sort((a, b) => a.task.stage - b.task.stage || a.task.partition - b.task.partition)
  return tasks.map(({ task, state, restoreRemaining, restoreTotal, restoreBegun }) => {
    const figures = task.figures()
    return {
      stage: task.stage,
      partition: task.partition,
      state,
      ...placeOf(figures, plan.stages[task.stage], plan),
      ...queuesOf(byInput(task, plan), plan),
      waits: waitOf(task, slowest),
      waiting: figures.waiting,
      restore:
        state === 'restoring' ? progress(restoreRemaining, restoreTotal, restoreBegun) : null,
    }
  })
}

/** Facts, also such as an earlier stage has joined, and each join's right stream: what the task reads of them. */
function byInput(
  { stage, queues }: Pick<RunnableTask, 'stage' | 'queues'>,
  { stages, joins }: Plan,
): (InputQueue | undefined)[] {
  const { sources } = stages[stage]
  return [0, ...joins.map((_, j) => 1 + j)].map(
    (input) => queues[sources.findIndex((source) => source.input === input)],
  )
}
