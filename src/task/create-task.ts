import type { TaskId } from '../batch.ts'
import type { PageStore } from '../state/page-store.ts'
import { EnrichTask } from './enrich-task.ts'
import { InternalSink } from './internal-sink.ts'
import { JoinTask } from './join-task.ts'
import { PrepareTask } from './prepare-task.ts'
import { RepartitionTask } from './repartition-task.ts'
import type { RunnableTask, TaskContext } from './task.ts'

/** The task of the context's plan that has this id. @param pages of its state; null: it keeps none */
export function createTask(
  id: TaskId,
  pages: PageStore | null,
  context: TaskContext,
): RunnableTask {
  const { joins, to } = context.plan.stages[id.stage]
  if (to !== null && joins.length === 0) {
    const sink = new InternalSink(context.repartition[id.stage], to.idleMs, id.partition, context)
    return to.isPrepared
      ? new PrepareTask(id, to, sink, pages, context)
      : new RepartitionTask(id, sink, context)
  }
  if (joins.length === 0) return new EnrichTask(id, pages, context)
  if (pages === null) throw new Error('A task that joins keeps state')
  return new JoinTask(id, pages, context)
}
