import { setTimeout as sleep } from 'node:timers/promises'
import type { RejectReason } from '../batch.ts'
import { codeOf, messageOf } from '../errors.ts'
import type { KeyPlans } from './avro-key.ts'
import { type KeyPlan, keyPlan } from './key-plan.ts'
import type { Registry } from './registry.ts'
import { UnknownIds } from './unknown-ids.ts'

const AGAIN_MS = 100

/** How the keys of one topic are read, by the schema ids in them. */
export class RegistryKeyPlans implements KeyPlans {
  readonly #registry: Registry
  /** Of schemas that the registry has, so no more than those: a plan, or why there is none. */
  readonly #plans = new Map<number, KeyPlan | string>()
  readonly #unknown = new UnknownIds()
  #lastId = -1
  #lastPlan: KeyPlan | undefined
  readonly source = 'its schema'
  reason: RejectReason | null = null
  fault = ''

  constructor(registry: Registry) {
    this.#registry = registry
  }

  find(id: number): KeyPlan | undefined {
    if (id === this.#lastId) return this.#lastPlan
    const plan = this.#plans.get(id)
    if (typeof plan === 'object') {
      this.#lastId = id
      this.#lastPlan = plan
      return plan
    }
    const fault = plan ?? this.#unknown.fault(id)
    this.reason = fault === undefined ? null : 'bad_key'
    this.fault = fault ?? ''
    return undefined
  }

  async load(id: number): Promise<void> {
    const { url } = this.#registry
    try {
      const schema = await this.#registry.byId(id)
      if (schema === undefined) {
        this.#unknown.add(
          id,
          `The registry ${url} has no schema with the id ${id}, which the key names`,
        )
        return
      }
      const plan = schema === null ? 'it is not an Avro schema' : keyPlan(schema)
      this.#plans.set(id, typeof plan === 'object' ? plan : keyFault(id, plan))
    } catch (error) {
      if (codeOf(error) === 'REGISTRY_UNAVAILABLE') {
        // It is being closed: whoever asks again is about to stop.
        await sleep(AGAIN_MS)
        return
      }
      this.#unknown.add(id, `The key’s schema ${id} cannot be had from ${url}: ${messageOf(error)}`)
    }
  }
}

/** @param fault of `keyPlan` */
export const keyFault = (id: number, fault: string): string =>
  `The key’s schema ${id} cannot be read as a key: ${fault}`
