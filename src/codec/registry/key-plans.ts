import type { RejectReason } from '../../batch.ts'
import { FramedSchemas } from '../frame/framed-schemas.ts'
import { KEY } from '../frame/framing.ts'
import type { SchemaId } from '../frame/schema-id.ts'
import type { FramedKeyPlan, KeyPlans } from '../keys/avro.ts'
import { keyPlanFor } from '../keys/plan.ts'
import type { Registry } from './registry.ts'

/** How the keys of one topic are read, by the schemas that their frames name. */
export class RegistryKeyPlans implements KeyPlans {
  /** A plan, or why there is none. */
  readonly #schemas: FramedSchemas<FramedKeyPlan | string>
  readonly source = 'its schema'
  reason: RejectReason | null = null
  fault = ''

  /** @param names of the key's fields; null: it is one text */
  constructor(registry: Registry, names: readonly string[] | null = null) {
    this.#schemas = new FramedSchemas(KEY, registry, (schema, id, { kind, bodyBytes }) => {
      const plan = schema === null ? 'it is not an Avro schema' : keyPlanFor(schema, names)
      if (typeof plan === 'string') return keyFault(id, plan)
      return { plan, bodyBytes, isZlib: kind === 'Glue zlib', transcode: null }
    })
  }

  find(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): FramedKeyPlan | undefined {
    const plan = this.#schemas.find(buffer, start, end, headerStart, headerEnd)
    if (typeof plan === 'object') return plan
    const { reason, fault, isInHeader } = this.#schemas
    if (plan !== undefined) this.reason = 'bad_key'
    else this.reason = reason === 'not_framed' && isInHeader ? reason : reason && 'bad_key'
    this.fault = plan ?? fault
    return undefined
  }

  load(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void> {
    return this.#schemas.load(buffer, start, end, headerStart, headerEnd, 'The key’s schema')
  }
}

/** @param fault of `keyPlan` */
export const keyFault = (id: SchemaId, fault: string): string =>
  `The key’s schema ${id} cannot be read as a key: ${fault}`
