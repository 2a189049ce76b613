import type { TaskId } from '../batch.ts'
import type { PageStore } from '../state/page-store.ts'
import { EnrichTask } from './enrich-task.ts'
import { JoinTask } from './join-task.ts'
import { RepartitionTask } from './repartition-task.ts'
import type { RunnableTask, TaskContext } from './task.ts'

/** The task of the context's plan that has this id. @param pages of its state; null: it keeps none */
export function createTask(
  id: TaskId,
  pages: PageStore | null,
  context: TaskContext,
): RunnableTask {
  const { stages, join } = context.plan
  if (join !== null && stages[id.stage].repartitionTo !== null) {
    return new RepartitionTask(id, context.repartition[id.stage], join.idleMs, context)
  }
  if (join === null) return new EnrichTask(id, pages, context)
  if (pages === null) throw new Error('A task that joins keeps state')
  return new JoinTask(id, pages, join, context)
}
