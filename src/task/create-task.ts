import type { TaskId } from '../batch.ts'
import type { PageStore } from '../state/page-store.ts'
import { EnrichTask } from './enrich-task.ts'
import { JoinTask } from './join-task.ts'
import { RepartitionTask } from './repartition-task.ts'
import type { RunnableTask, TaskContext } from './task.ts'

/** The task of the context's plan that has this id. @param pages of its state; null: it keeps none, as nothing is joined */
export function createTask(
  id: TaskId,
  pages: PageStore | null,
  context: TaskContext,
): RunnableTask {
  const { stages, joins } = context.plan
  const [join] = joins
  if (join !== undefined && stages[id.stage].repartitionTo !== null) {
    return new RepartitionTask(id, context.repartition[id.stage], join.idleMs, context)
  }
  if (join === undefined) return new EnrichTask(id, context)
  if (pages === null) throw new Error('A task that joins keeps state')
  return new JoinTask(id, pages, context)
}
