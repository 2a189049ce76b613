import type { RejectReason } from '../batch.ts'
import type { KeyPlans } from './avro-key.ts'
import { type KeyPlan, keyPlanFor, type RecordKeyPlan } from './key-plan.ts'
import type { Registry } from './registry.ts'
import { WriterSchemas } from './writer-schemas.ts'

/** How the keys of one topic are read, by the schema ids in them. */
export class RegistryKeyPlans implements KeyPlans {
  /** Of schemas that the registry has, so no more than those: a plan, or why there is none. */
  readonly #plans = new Map<number, KeyPlan | RecordKeyPlan | string>()
  readonly #schemas: WriterSchemas
  readonly #names: readonly string[] | null
  #lastId = -1
  #lastPlan: KeyPlan | RecordKeyPlan | undefined
  readonly source = 'its schema'
  reason: RejectReason | null = null
  fault = ''

  /** @param names of the key's fields; null: it is one text */
  constructor(registry: Registry, names: readonly string[] | null = null) {
    this.#names = names
    this.#schemas = new WriterSchemas(registry)
  }

  find(id: number): KeyPlan | RecordKeyPlan | undefined {
    if (id === this.#lastId) return this.#lastPlan
    const plan = this.#plans.get(id)
    if (typeof plan === 'object') {
      this.#lastId = id
      this.#lastPlan = plan
      return plan
    }
    const fault = plan ?? this.#schemas.fault(id)
    this.reason = fault === undefined ? null : 'bad_key'
    this.fault = fault ?? ''
    return undefined
  }

  async load(id: number): Promise<void> {
    const found = await this.#schemas.load(id, `The key’s schema ${id}`)
    if (found === undefined) return
    const plan =
      found.schema === null ? 'it is not an Avro schema' : keyPlanFor(found.schema, this.#names)
    this.#plans.set(id, typeof plan === 'object' ? plan : keyFault(id, plan))
  }
}

/** @param fault of `keyPlan` */
export const keyFault = (id: number, fault: string): string =>
  `The key’s schema ${id} cannot be read as a key: ${fault}`
