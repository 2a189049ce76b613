/** Azure Schema Registry. A topic's schema is named as the topic, in the file's group; Azure's serializers name it as the record. */
import type { SchemaId } from '../../frame/schema-id.ts'
import type { Judgment, RegistryApi } from '../api.ts'
import type { RegistryConnection } from '../connection.ts'
import { type Answer, FORBIDDEN, isFinal, isNotThere, NOT_FOUND, Refused } from '../request.ts'

/** A list of names or of numbers. */
interface AzureList {
  readonly Value?: readonly (string | number)[]
}

export class AzureApi implements RegistryApi {
  readonly #connection: RegistryConnection
  readonly #group: string

  constructor(connection: RegistryConnection) {
    this.#connection = connection
    this.#group = `/$schemaGroups/${encodeURIComponent(connection.config.group!)}/schemas`
  }

  subjectOf(topic: string): string {
    return topic
  }

  /** Keys name no schema: the header is the value's. */
  keySubjectOf(): null {
    return null
  }

  async latest(subject: string): Promise<Answer | undefined> {
    const path = `${this.#pathOf(subject)}/versions`
    const found = (await this.#connection.get({ path })) as AzureList | undefined
    const versions = (found?.Value ?? []).map(Number)
    return versions.length === 0 ? undefined : this.version(subject, Math.max(...versions))
  }

  version(subject: string, version: number): Promise<Answer> {
    return this.#connection.request({ path: `${this.#pathOf(subject)}/versions/${version}` })
  }

  async recorded(subjects: readonly string[], id: number): Promise<Answer | undefined> {
    for (const subject of subjects) {
      try {
        return await this.version(subject, id)
      } catch (error) {
        if (!isNotThere(error)) throw error
      }
    }
    return undefined
  }

  async subjects(): Promise<readonly string[]> {
    const { Value = [] } = (await this.#connection.request({ path: this.#group })) as AzureList
    return Value.map(String)
  }

  byId(id: SchemaId, patienceMs: number): Promise<Answer | undefined> {
    const path = `/$schemaGroups/$schemas/${encodeURIComponent(String(id).replace(/^Azure id /, ''))}`
    return this.#connection.schema([{ path }], patienceMs)
  }

  async registered(subject: string, schema: string): Promise<SchemaId | undefined> {
    try {
      const call = { path: `${this.#pathOf(subject)}:get-id`, body: schema }
      return (await this.#connection.request(call, isFinal)).named
    } catch (error) {
      if (error instanceof Refused && [NOT_FOUND, FORBIDDEN].includes(error.status))
        return undefined
      throw error
    }
  }

  async register(subject: string, schema: string): Promise<SchemaId> {
    const call = { path: this.#pathOf(subject), body: schema, method: 'PUT' } as const
    return (await this.#connection.request(call, isFinal)).named!
  }

  /** Azure judges a version when it is registered, by what the group says. */
  async judge(): Promise<Judgment> {
    return { state: 'unjudged', level: null, reason: '' }
  }

  #pathOf(subject: string): string {
    return `${this.#group}/${encodeURIComponent(subject)}`
  }
}
