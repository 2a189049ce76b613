import type { PageStore } from '../state/page-store.ts'
import { EnrichTask } from './enrich-task.ts'
import { JoinTask } from './join-task.ts'
import type { RunnableTask, TaskContext } from './task.ts'

/** The task of the context's plan. @param pages of its state; null: it keeps none, as nothing is joined */
export function createTask(
  partition: number,
  pages: PageStore | null,
  context: TaskContext,
): RunnableTask {
  const { join } = context.plan
  if (join === null) return new EnrichTask(partition, context)
  if (pages === null) throw new Error('A task that joins keeps state')
  return new JoinTask(partition, pages, join, context)
}
