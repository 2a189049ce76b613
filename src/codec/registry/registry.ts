/**
 * A schema registry that speaks Confluent's API (Confluent, Apicurio's ccompat v7, Karapace, Redpanda).
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
import type { IdOption, RegistryConfig, RegistryType } from '../../config/pipeline.ts'
import { EnricherError } from '../../errors.ts'
import type { Log } from '../../events.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { parseSchemaText } from '../avro/schema-json.ts'
import { inlineReferences } from '../avro/schema-references.ts'
import type { SchemaId } from '../frame/schema-id.ts'
import { messageDifferences } from '../protobuf/differences.ts'
import { readText } from '../protobuf/schema.ts'
import { schemaPaths } from './address.ts'
import { RegistryConnection } from './connection.ts'
import { type Answer, FORBIDDEN, isFinal, NOT_FOUND, NoRegistry, Refused } from './request.ts'
import { differences } from './schema-differences.ts'
import { withImports } from './schema-text.ts'
import { checkType } from './types.ts'

export interface RegisteredSchema {
  readonly id: number
  /** The schema, parsed, with its references inlined. */
  readonly schema: unknown
}

/** What registering a schema would do. `new`: the subject has none yet. */
export type Comparison = { readonly state: 'registered' | 'new' } | Verdict

/** The registry's, on a schema that differs from the subject's latest. */
export interface Verdict {
  readonly state: 'compatible' | 'incompatible'
  /** By which it was judged, as `BACKWARD`; null: the registry does not say. */
  readonly level: string | null
  /** How the fields differ from the latest, in words. */
  readonly changes: readonly string[]
  /** What the registry says is wrong; empty: nothing, or it does not say. */
  readonly reason: string
}

/** What an output's schema may be. */
export type SchemaType = 'AVRO' | 'PROTOBUF'

/** The API's own error code: the subject, or the whole registry, is in the mode READONLY. */
const READ_ONLY = 42205

export class Registry {
  readonly #connection: RegistryConnection

  constructor(config: RegistryConfig, log: Log) {
    this.#connection = new RegistryConnection(config, log)
  }

  get url(): string {
    return this.#connection.config.url
  }

  get type(): RegistryType {
    return this.#connection.config.type
  }

  /** See `RegistryConfig.useId`. */
  get useId(): IdOption | null {
    return this.#connection.config.useId
  }

  /** Whether the registry has not answered when it was asked last. */
  get isAway(): boolean {
    return this.#connection.isAway
  }

  /** How requests have ended: see `RegistryConnection`. */
  get requests(): RegistryConnection['requests'] {
    return this.#connection.requests
  }

  /**
   * During `work` an outage is waited out for this long only, and a refusal of our user or of a certificate
   * not at all: then it throws REGISTRY_UNAVAILABLE.
   */
  withPatience<T>(milliseconds: number, work: () => Promise<T>): Promise<T> {
    return this.#connection.withPatience(milliseconds, work)
  }

  /** The latest version of a subject; undefined where there is none. Throws SCHEMA_INVALID where it is not Avro's. */
  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.latestAnswer(subject)
    if (answer === undefined) return undefined
    checkType(this.url, subject, answer, 'AVRO')
    return { id: answer.id!, schema: await this.#parse(answer) }
  }

  /** The registry's answer for the latest version of a subject, of whatever type it is; undefined where there is none. */
  latestAnswer(subject: string): Promise<Answer | undefined> {
    return this.#connection.get(`/subjects/${encodeURIComponent(subject)}/versions/latest`)
  }

  /** The same for a version that another schema refers to. */
  versionAnswer(subject: string, version: number): Promise<Answer> {
    return this.#connection.request(`/subjects/${encodeURIComponent(subject)}/versions/${version}`)
  }

  /** All subjects; none where they may not be listed. */
  async subjects(): Promise<readonly string[]> {
    try {
      return (await this.#connection.request('/subjects')) as unknown as string[]
    } catch (error) {
      if (error instanceof Refused) return []
      throw error
    }
  }

  /** The latest version of a subject; undefined where there is none. A schema of another type is null. */
  async latestIfAny(subject: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.latestAnswer(subject)
    if (answer === undefined) return undefined
    return { id: answer.id!, schema: isAvro(answer) ? await this.#parse(answer) : null }
  }

  /**
   * A schema by its id; undefined where there is none. A schema of another type is null.
   * @param patienceMs so long one that is not there is asked for again: a node may be behind the others
   */
  async byId(id: SchemaId, patienceMs = 0): Promise<unknown> {
    const answer = await this.answer(id, patienceMs)
    if (answer === undefined) return undefined
    return isAvro(answer) ? this.#parse(answer) : null
  }

  /** The registry's answer for an id, of whatever type the schema is. */
  answer(id: SchemaId, patienceMs = 0): Promise<Answer | undefined> {
    return this.#connection.schema(schemaPaths(id), patienceMs)
  }

  /**
   * Registers a schema and answers its id; one that is there already keeps its id, and is found by who may
   * only read. Throws SCHEMA_INVALID, or REGISTRY_READ_ONLY.
   */
  async register(subject: string, schema: string, type: SchemaType = 'AVRO'): Promise<number> {
    const path = `/subjects/${encodeURIComponent(subject)}`
    const body = bodyOf(schema, type)
    try {
      const found = await this.#registered(path, body)
      if (found !== undefined) return found.id!
      const { id } = await this.#connection.request(`${path}/versions`, body, isFinal)
      return id!
    } catch (cause) {
      if (!(cause instanceof Refused)) throw cause
      if (cause.status === FORBIDDEN || cause.code === READ_ONLY) {
        const message = `The registry ${this.url} lets us register nothing under ${subject} (${cause.message}), and the output's schema is not there yet; have somebody who may register what \`stream-enricher output-schema\` prints`
        throw new EnricherError('REGISTRY_READ_ONLY', message, { cause, fields: { subject } })
      }
      const message = `The registry refuses the output's schema for ${subject} (${cause.message}). Where it is not compatible with an earlier one, use another output topic or change the subject's compatibility`
      throw new EnricherError('SCHEMA_INVALID', message, { cause, fields: { subject } })
    }
  }

  /** The schema as it is registered; undefined: it is not there, or we may not ask. */
  async #registered(path: string, body: string): Promise<Answer | undefined> {
    try {
      return await this.#connection.request(path, body, isFinal)
    } catch (error) {
      if (error instanceof Refused && [NOT_FOUND, FORBIDDEN].includes(error.status))
        return undefined
      throw error
    }
  }

  /** Compares a schema with those of a subject, by the subject's own compatibility. Registers nothing. */
  async compare(subject: string, schema: string, type: SchemaType = 'AVRO'): Promise<Comparison> {
    const name = encodeURIComponent(subject)
    const body = bodyOf(schema, type)
    if ((await this.#connection.get(`/subjects/${name}`, body)) !== undefined)
      return { state: 'registered' }
    const latest = await this.latestAnswer(subject)
    // Apicurio finds any schema compatible with a subject that is not there.
    if (latest === undefined) return { state: 'new' }
    const level = await this.#level(name)
    const changes = await this.#changes(latest, schema, type)
    for (const version of await this.#versionsBy(level, name)) {
      const path = `/compatibility/subjects/${name}/versions/${version}?verbose=true`
      const answer = await this.#connection.get(path, body)
      if (answer === undefined || answer.is_compatible) continue
      const [reason = ''] = answer.messages ?? []
      return { state: 'incompatible', level, changes, reason }
    }
    return { state: 'compatible', level, changes, reason: '' }
  }

  /** The subject's compatibility, or the registry's where it has none of its own; null where that is not said. */
  async #level(name: string): Promise<string | null> {
    for (const path of [`/config/${name}?defaultToGlobal=true`, '/config']) {
      try {
        const { compatibilityLevel } = await this.#connection.request(path, undefined, isFinal)
        return compatibilityLevel ?? null
      } catch (error) {
        if (!(error instanceof Refused || error instanceof NoRegistry)) throw error
        if (error.status !== NOT_FOUND) return null
      }
    }
    return null
  }

  /** The versions that a schema has to be compatible with: the endpoint judges by one of them, whatever the level. */
  async #versionsBy(level: string | null, name: string): Promise<readonly (number | 'latest')[]> {
    if (!level?.endsWith('_TRANSITIVE')) return ['latest']
    const versions = await this.#connection.request(`/subjects/${name}/versions`)
    return (versions as unknown as number[]).toReversed()
  }

  /** How a schema's fields differ from the latest, if that is of its type. Apicurio 3.0.9 names no reasons, others but the first. */
  async #changes(latest: Answer, schema: string, type: SchemaType): Promise<readonly string[]> {
    if ((latest.schemaType ?? 'AVRO') !== type) return []
    if (type === 'PROTOBUF') return this.#messageChanges(latest, schema)
    const before = (await this.#parse(latest)) as AvroRecordSchema
    return before.fields === undefined ? [] : differences(before, JSON.parse(schema))
  }

  async #messageChanges(latest: Answer, text: string): Promise<readonly string[]> {
    const is = { id: 0, type: 'PROTOBUF', text, imports: new Map<string, string>() }
    try {
      const before = await readText(await withImports(latest, this))
      return messageDifferences(before, await readText(is))
    } catch (error) {
      // What somebody has registered may be what we do not read; the registry says what it thinks of it.
      if (error instanceof EnricherError) throw error
      return []
    }
  }

  /** Whatever still waits ends with REGISTRY_UNAVAILABLE. */
  close(): void {
    this.#connection.close()
  }

  async #parse({ schema, references = [] }: Answer): Promise<unknown> {
    const named = await Promise.all(
      references.map(async ({ subject, version }) => {
        return this.#parse(await this.versionAnswer(subject, version))
      }),
    )
    return inlineReferences(parseSchemaText(schema), named)
  }
}

/** Of Avro's, which is the default, registries from before there were others know no type. */
const bodyOf = (schema: string, type: SchemaType): string =>
  JSON.stringify(type === 'AVRO' ? { schema } : { schema, schemaType: type })

const isAvro = ({ schemaType = 'AVRO' }: Answer): boolean => schemaType === 'AVRO'
