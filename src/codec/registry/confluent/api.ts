/**
 * A schema registry that speaks Confluent's API (Confluent, Apicurio's ccompat v7, Karapace, Redpanda).
 * https://docs.confluent.io/platform/current/schema-registry/develop/api.html
 */
import type { SchemaId } from '../../frame/schema-id.ts'
import type { Judgment, RegistryApi, SchemaType } from '../api.ts'
import type { RegistryConnection } from '../connection.ts'
import { type Answer, FORBIDDEN, isFinal, NOT_FOUND, NoRegistry, Refused } from '../request.ts'
import { schemaPaths } from './address.ts'

export class ConfluentApi implements RegistryApi {
  readonly #connection: RegistryConnection

  constructor(connection: RegistryConnection) {
    this.#connection = connection
  }

  subjectOf(topic: string): string {
    return `${topic}-value`
  }

  keySubjectOf(topic: string): string {
    return `${topic}-key`
  }

  latest(subject: string): Promise<Answer | undefined> {
    return this.#connection.get({ path: `${pathOf(subject)}/versions/latest` })
  }

  version(subject: string, version: number): Promise<Answer> {
    return this.#connection.request({ path: `${pathOf(subject)}/versions/${version}` })
  }

  recorded(_subjects: readonly string[], id: number): Promise<Answer | undefined> {
    return this.byId(id, 0)
  }

  async subjects(): Promise<readonly string[]> {
    return (await this.#connection.request({ path: '/subjects' })) as unknown as string[]
  }

  byId(id: SchemaId, patienceMs: number): Promise<Answer | undefined> {
    const calls = schemaPaths(id).map((path) => ({ path }))
    return this.#connection.schema(calls, patienceMs)
  }

  async registered(
    subject: string,
    schema: string,
    type: SchemaType,
  ): Promise<SchemaId | undefined> {
    try {
      const call = { path: pathOf(subject), body: bodyOf(schema, type) }
      return (await this.#connection.request(call, isFinal)).id
    } catch (error) {
      if (error instanceof Refused && [NOT_FOUND, FORBIDDEN].includes(error.status))
        return undefined
      throw error
    }
  }

  async register(subject: string, schema: string, type: SchemaType): Promise<SchemaId> {
    const call = { path: `${pathOf(subject)}/versions`, body: bodyOf(schema, type) }
    return (await this.#connection.request(call, isFinal)).id!
  }

  async judge(subject: string, schema: string, type: SchemaType): Promise<Judgment> {
    const name = encodeURIComponent(subject)
    const body = bodyOf(schema, type)
    const level = await this.#level(name)
    for (const version of await this.#versionsBy(level, name)) {
      const path = `/compatibility/subjects/${name}/versions/${version}?verbose=true`
      const answer = await this.#connection.get({ path, body })
      if (answer === undefined || answer.is_compatible) continue
      const [reason = ''] = answer.messages ?? []
      return { state: 'incompatible', level, reason }
    }
    return { state: 'compatible', level, reason: '' }
  }

  /** The subject's compatibility, or the registry's where it has none of its own; null where that is not said. */
  async #level(name: string): Promise<string | null> {
    for (const path of [`/config/${name}?defaultToGlobal=true`, '/config']) {
      try {
        const { compatibilityLevel } = await this.#connection.request({ path }, isFinal)
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
    const versions = await this.#connection.request({ path: `/subjects/${name}/versions` })
    return (versions as unknown as number[]).toReversed()
  }
}

const pathOf = (subject: string): string => `/subjects/${encodeURIComponent(subject)}`

/** Of Avro's, which is the default, registries from before there were others know no type. */
const bodyOf = (schema: string, type: SchemaType): string =>
  JSON.stringify(type === 'AVRO' ? { schema } : { schema, schemaType: type })
