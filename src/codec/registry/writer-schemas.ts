import { setTimeout as sleep } from 'node:timers/promises'
import { codeOf, messageOf } from '../../errors.ts'
import { idText, type SchemaId } from '../frame/schema-id.ts'
import type { Registry } from './registry.ts'
import { UnknownIds } from './unknown-ids.ts'

/** Until a closed registry may be asked again: whoever asks is about to stop. */
const AGAIN_MS = 100
/** How long an id is asked for again before the registry counts as not knowing it: a node may be behind the others. */
const BEHIND_MS = 5000

/** The schemas that one topic's values, or its keys, were written with. */
export class WriterSchemas {
  readonly #registry: Registry
  readonly #unknown = new UnknownIds()

  constructor(registry: Registry) {
    this.#registry = registry
  }

  /** Why the id is not to be asked for now; undefined: it is. */
  fault(id: SchemaId): string | undefined {
    return this.#unknown.fault(id)
  }

  /**
   * Asks the registry, and waits while it is away or behind. undefined: `fault` says why, or it is being closed.
   * A schema that is not Avro's is null.
   * @param what has the id, as `The schema 7`
   * @param read has the schema in another form than Avro's
   */
  async load<T = unknown>(
    id: SchemaId,
    what: string,
    read: (patienceMs: number) => Promise<T | undefined> = (patienceMs) =>
      this.#registry.byId(id, patienceMs) as Promise<T | undefined>,
  ): Promise<{ readonly schema: T } | undefined> {
    const { url } = this.#registry
    try {
      const schema = await read(this.#unknown.mayWait ? BEHIND_MS : 0)
      if (schema !== undefined) return { schema }
      this.#unknown.add(id, `The registry ${url} has no schema with the ${idText(id)}`)
    } catch (error) {
      if (codeOf(error) === 'REGISTRY_UNAVAILABLE') await sleep(AGAIN_MS)
      else this.#unknown.add(id, `${what} cannot be had from ${url}: ${messageOf(error)}`)
    }
    return undefined
  }
}
