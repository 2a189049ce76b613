import type { Plan, Stage } from '../plan/plan.ts'
import type { Service } from '../service.ts'

type Running = Pick<Service, 'worker' | 'admin'>

/**
 * Of a bounded run: internal topics end with the last that the stages before write there, which is known once these have
 * come to their own ends, and all of it is committed. A task that is taken anew learns of it again.
 */
export class InternalEnds {
  /** Those that read internal topics. */
  readonly #stages: readonly Stage[]
  readonly #onError: (error: unknown) => void
  #asking = false

  constructor({ stages }: Pick<Plan, 'stages'>, onError: (error: unknown) => void) {
    this.#stages = stages.filter(({ sources }) => sources.some(isInternal))
    this.#onError = onError
  }

  /** Looks whether there is anything to tell, and asks the broker then; one at a time. */
  look(service: Running): void {
    if (this.#asking) return
    const stage = this.#stages.find((one) => isOpen(one, service) && hasAll(one, service))
    if (stage === undefined) return
    this.#asking = true
    void end(stage, service)
      .catch(this.#onError)
      .finally(() => {
        this.#asking = false
      })
  }
}

const isInternal = ({ origin }: Stage['sources'][number]): boolean => origin !== null

const queuesOf = ({ number }: Stage, side: number, { worker }: Running) =>
  worker.tasks
    .filter(({ task }) => task.stage === number)
    .map(({ task }) => ({ partition: task.partition, queue: task.queues[side] }))

/** Whether a task of the stage does not know the end of an internal topic. */
const isOpen = (stage: Stage, service: Running): boolean =>
  stage.sources.some(
    (source, side) =>
      isInternal(source) &&
      queuesOf(stage, side, service).some(({ queue }) => queue.endsAt === Number.POSITIVE_INFINITY),
  )

/** Whether all is there that its tasks will read. */
const hasAll = ({ number }: Stage, { worker }: Running): boolean => worker.hasEnded(number)

async function end(stage: Stage, service: Running): Promise<void> {
  for (const [side, source] of stage.sources.entries()) {
    if (!isInternal(source)) continue
    const ends = await service.admin.offsets(source.topic, 'stable')
    const lasts = await service.admin.offsets(source.topic, 'latest')
    // A commit is answered before its markers are there, and what it has written can be read: the next look will find them.
    if ([...lasts].some(([partition, last]) => ends.get(partition)! < last)) return
    for (const { partition, queue } of queuesOf(stage, side, service)) {
      queue.endsAt = Math.min(queue.endsAt, ends.get(partition)!)
    }
    service.worker.wake()
  }
}
