import { EnricherError } from '../errors.ts'
import { brokerError } from './broker-errors.ts'
import type { About } from './error-table.ts'

/** How long a topic that the broker does not know is looked for: one just created is not known everywhere. */
const MISSING_MS = 30_000

/** Topics that the broker did not know when they were last asked for. */
export class MissingTopics {
  readonly #since = new Map<string, number>()

  found(topic: string): void {
    this.#since.delete(topic)
  }

  /** A transaction was committed: no topic of it is missing. */
  foundAll(): void {
    this.#since.clear()
  }

  /** One attempt, which fails with TOPIC_MISSING once its topic has been looked for in vain for a while. */
  async look<T>(about: About, attempt: () => Promise<T>): Promise<T> {
    try {
      return await attempt()
    } catch (error) {
      if (brokerError(error)?.name === 'UNKNOWN_TOPIC_OR_PARTITION') {
        this.#notFound((error as { topic?: string }).topic ?? about.topic ?? '')
      }
      throw error
    }
  }

  #notFound(topic: string): void {
    const now = performance.now()
    const since = this.#since.get(topic)
    if (since === undefined) this.#since.set(topic, now)
    else if (now - since > MISSING_MS) throw topicDeleted(topic)
  }
}

function topicDeleted(topic: string): EnricherError {
  const message = `The topic ${topic} does not exist any more: it was deleted, and the broker has not known it for ${MISSING_MS / 1000} s. A restart creates output, rejects and changelog topic anew where they are missing; restore an input, or correct the pipeline file`
  return new EnricherError('TOPIC_MISSING', message, { fields: { topic } })
}
