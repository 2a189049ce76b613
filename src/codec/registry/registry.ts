import type { IdOption, RegistryConfig, RegistryType } from '../../config/pipeline.ts'
import { EnricherError } from '../../errors.ts'
import type { Log } from '../../events.ts'
import type { AvroRecordSchema } from '../avro/reader.ts'
import { parseSchemaText } from '../avro/schema-json.ts'
import { inlineReferences } from '../avro/schema-references.ts'
import type { SchemaId } from '../frame/schema-id.ts'
import { messageDifferences } from '../protobuf/differences.ts'
import { readText } from '../protobuf/schema.ts'
import type { Environment } from './access.ts'
import type { Judgment, RegistryApi, SchemaType } from './api.ts'
import { AzureApi } from './azure/api.ts'
import { askAzure } from './azure/ask.ts'
import { ConfluentApi } from './confluent/api.ts'
import { askConfluent } from './confluent/ask.ts'
import { RegistryConnection } from './connection.ts'
import { GlueApi } from './glue/api.ts'
import { askGlue } from './glue/ask.ts'
import { type Answer, FORBIDDEN, Refused } from './request.ts'
import { differences } from './schema-differences.ts'
import { withImports } from './schema-text.ts'
import { checkType } from './types.ts'

export interface RegisteredSchema {
  readonly id: number
  /** What frames have in place of the id; undefined: they have that. */
  readonly named?: SchemaId | undefined
  /** The schema, parsed, with its references inlined. */
  readonly schema: unknown
}

/** What registering a schema would do. `new`: the subject has none yet. */
export type Comparison = ({ readonly state: 'registered' | 'new' } | Verdict) & {
  readonly subject: string
}

/** The registry's, on a schema that differs from the subject's latest. */
export interface Verdict extends Judgment {
  /** How the fields differ from the latest, in words. */
  readonly changes: readonly string[]
}

/** The API's own error code: the subject, or the whole registry, is in the mode READONLY. */
const READ_ONLY = 42205

export class Registry {
  readonly #connection: RegistryConnection
  readonly #api: RegistryApi

  /** @param env has the credentials of clouds */
  constructor(config: RegistryConfig, log: Log, env: Environment = process.env) {
    switch (config.type) {
      case 'glue':
        this.#connection = new RegistryConnection(config, log, askGlue(env, config.region!))
        this.#api = new GlueApi(this.#connection)
        break
      case 'azure':
        this.#connection = new RegistryConnection(config, log, askAzure(env, config.token))
        this.#api = new AzureApi(this.#connection)
        break
      default:
        this.#connection = new RegistryConnection(config, log, askConfluent)
        this.#api = new ConfluentApi(this.#connection)
    }
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

  /** Under which name the schema of a topic's values is. */
  subjectOf(topic: string): string {
    return this.#api.subjectOf(topic)
  }

  /** The same of its keys; null: nothing is said of them before they come. */
  keySubjectOf(topic: string): string | null {
    return this.#api.keySubjectOf(topic)
  }

  /** The latest version of a subject; undefined where there is none. Throws SCHEMA_INVALID where it is not Avro's. */
  async latest(subject: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.latestAnswer(subject)
    if (answer === undefined) return undefined
    checkType(this.url, subject, answer, 'AVRO')
    return { id: answer.id!, named: answer.named, schema: await this.#parse(answer) }
  }

  /** The registry's answer for the latest version of a subject, of whatever type it is; undefined where there is none. */
  latestAnswer(subject: string): Promise<Answer | undefined> {
    return this.#api.latest(subject)
  }

  /** The same for a version that another schema refers to. */
  versionAnswer(subject: string, version: number): Promise<Answer> {
    return this.#api.version(subject, version)
  }

  /** The same for an id that the latest once had of a topic's schemas; undefined: it is there no more. @param type as the file has it */
  recordedAnswer(topic: string, type: string | null, id: number): Promise<Answer | undefined> {
    const subject = this.subjectOf(topic)
    const subjects = type === null ? [subject] : [subject, `${topic}-${type}`, type]
    return this.#api.recorded(subjects, id)
  }

  /** All subjects; none where they may not be listed. */
  async subjects(): Promise<readonly string[]> {
    try {
      return await this.#api.subjects()
    } catch (error) {
      if (error instanceof Refused) return []
      throw error
    }
  }

  /** The latest version of a subject; undefined where there is none. A schema of another type is null. */
  async latestIfAny(subject: string): Promise<RegisteredSchema | undefined> {
    const answer = await this.latestAnswer(subject)
    if (answer === undefined) return undefined
    return { id: answer.id!, schema: await this.#ifAvro(answer) }
  }

  /**
   * A schema by its id; undefined where there is none. A schema of another type is null.
   * @param patienceMs so long one that is not there is asked for again: a node may be behind the others
   */
  async byId(id: SchemaId, patienceMs = 0): Promise<unknown> {
    const answer = await this.answer(id, patienceMs)
    return answer && this.#ifAvro(answer)
  }

  /** What `latest` once had; undefined where it is there no more. A schema of another type is null. @param type as the file has it */
  async recorded(topic: string, type: string | null, id: number): Promise<unknown> {
    const answer = await this.recordedAnswer(topic, type, id)
    return answer && this.#ifAvro(answer)
  }

  /** The registry's answer for an id, of whatever type the schema is. */
  answer(id: SchemaId, patienceMs = 0): Promise<Answer | undefined> {
    return this.#api.byId(id, patienceMs)
  }

  /**
   * Registers a schema and answers what frames have of it; one that is there already keeps that, and is found by who may
   * only read. Throws SCHEMA_INVALID, or REGISTRY_READ_ONLY.
   */
  async register(subject: string, schema: string, type: SchemaType = 'AVRO'): Promise<SchemaId> {
    try {
      return (
        (await this.#api.registered(subject, schema, type)) ??
        (await this.#api.register(subject, schema, type))
      )
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

  /** Compares a schema with those of a subject, by the subject's own compatibility. Registers nothing. */
  async compare(subject: string, schema: string, type: SchemaType = 'AVRO'): Promise<Comparison> {
    if ((await this.#api.registered(subject, schema, type)) !== undefined)
      return { state: 'registered', subject }
    const latest = await this.latestAnswer(subject)
    // Apicurio finds any schema compatible with a subject that is not there.
    if (latest === undefined) return { state: 'new', subject }
    const changes = await this.#changes(latest, schema, type)
    return { ...(await this.#api.judge(subject, schema, type)), subject, changes }
  }

  /** How a schema's fields differ from the latest, if that is of its type. Apicurio 3.0.9 names no reasons, others but the first. */
  async #changes(latest: Answer, schema: string, type: SchemaType): Promise<readonly string[]> {
    if ((latest.schemaType ?? 'AVRO') !== type) return []
    if (type === 'PROTOBUF') return this.#messageChanges(latest, schema)
    const before = (await this.#ifAvro(latest)) as AvroRecordSchema | null
    return before?.fields === undefined ? [] : differences(before, JSON.parse(schema))
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

  async #ifAvro(answer: Answer): Promise<unknown> {
    return (answer.schemaType ?? 'AVRO') === 'AVRO' ? this.#parse(answer) : null
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
