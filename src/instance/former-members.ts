import type { Broker } from '../broker/port.ts'
import type { Log } from '../events.ts'

/** The transaction is ended at once, and no other is begun. */
const TIMEOUT_MS = 10_000
/** After that the coordinator will have done it, and the member may be back. */
const PATIENCE_MS = 5000

/**
 * Members that are not in the group any more. One that died in a commit has left a transaction open, and who takes
 * its tasks would wait for its timeout and for the coordinator's next look at such, 20 seconds together. A new
 * producer with its transactional id aborts it (KIP-98, InitProducerId). One that has lost its place, but lives, is
 * fenced with it, as its offsets would be, and joins again. One of those that stay does it.
 */
export class FormerMembers {
  readonly #broker: Pick<Broker, 'producer'>
  readonly #name: string
  readonly #self: string
  readonly #log: Log
  #instances: readonly string[] = []

  /** @param name the pipeline's. @param self our instance id */
  constructor(broker: Pick<Broker, 'producer'>, name: string, self: string, log: Log) {
    this.#broker = broker
    this.#name = name
    this.#self = self
    this.#log = log
  }

  /** Ends what those have left open who were there the last time and are not now. @param instances of all members */
  async ended(instances: readonly string[]): Promise<void> {
    const before = this.#instances
    this.#instances = instances
    const stayed = before.filter((instance) => instances.includes(instance))
    if (stayed.toSorted()[0] !== this.#self) return
    const gone = before.filter((instance) => !instances.includes(instance))
    await Promise.all(gone.map((instance) => this.#fence(instance)))
  }

  /** Never fails: who takes the tasks waits for the transaction's timeout then. */
  async #fence(instance: string): Promise<void> {
    const transactionalId = `${this.#name}-${instance}`
    try {
      const producer = this.#broker.producer({ transactionalId, timeoutMs: TIMEOUT_MS })
      // Ends the attempt.
      const timer = setTimeout(() => void producer.close().catch(ignored), PATIENCE_MS)
      await producer.init().finally(() => {
        clearTimeout(timer)
        return producer.close()
      })
    } catch (error) {
      this.#log.event('former_member_not_fenced', { err: error, transactionalId })
    }
  }
}

const ignored = (): void => {}
