/** What API and page show of the tasks of an instance, and of the stages that they are of. */
import type { InputQueue } from '../../input/input-queue.ts'
import type { Plan } from '../../plan/plan.ts'
import type { RunnableTask } from '../../task/task.ts'
import { placeOf, queuesOf } from './join-views.ts'
import type { ServiceParts } from './parts.ts'
import { progress } from './report.ts'
import { slowestOf, waitOf } from './versions-view.ts'

/** What each stage reads, and where its records go; null: they come out. */
export const stagesView = ({ stages }: Plan): object[] =>
  stages.map(({ number, topics, to }) => ({ number, topics, to: to?.topic ?? null }))

/** Of all stages, in the data's order. */
export function tasksView({ pipeline, plan, worker, dimensions }: ServiceParts): object[] {
  const slowest = slowestOf(dimensions)
  const tasks = [...(worker?.tasks ?? [])]
  tasks.sort((a, b) => a.task.stage - b.task.stage || a.task.partition - b.task.partition)
  return tasks.map(({ task, state, restoreRemaining, restoreTotal, restoreBegun }) => {
    const figures = task.figures()
    return {
      stage: task.stage,
      partition: task.partition,
      state,
      ...placeOf(figures, pipeline),
      ...queuesOf(byInput(task, plan), pipeline),
      waits: waitOf(task, slowest),
      waiting: figures.waiting,
      restore:
        state === 'restoring' ? progress(restoreRemaining, restoreTotal, restoreBegun) : null,
    }
  })
}

/** By the input that records come from, whether the task reads it, or an internal topic behind it. */
function byInput(
  { stage, queues }: Pick<RunnableTask, 'stage' | 'queues'>,
  { sources, stages }: Plan,
): (InputQueue | undefined)[] {
  const own = stages[stage].sources
  return sources
    .filter(({ origin }) => origin === null)
    .map(({ topic }) => queues[own.findIndex((one) => (one.origin ?? one.topic) === topic)])
}
