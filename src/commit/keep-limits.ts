import type { EnricherError } from '../errors.ts'
import type { TaskContext } from '../task/task.ts'
import type { WriteLimits } from './write-limits.ts'

/** Where a topic has refused something. */
const LOOK_AT_LIMITS_MS = 60_000

/** What tasks are told of the topics' limits stays true: they are read anew after a refusal, and now and then. */
export function keepLimits(
  limits: WriteLimits,
  context: () => TaskContext,
  onFatal: (error: unknown) => void,
): { onRefused(error: EnricherError): Promise<void>; close(): void } {
  const apply = (): unknown => Object.assign(context(), limits.ofTasks)
  const looking = setInterval(() => {
    limits.look().then((isRaised) => isRaised && apply(), onFatal)
  }, LOOK_AT_LIMITS_MS).unref()
  return {
    async onRefused(error) {
      await limits.refused(error)
      apply()
    },
    close: () => clearInterval(looking),
  }
}
