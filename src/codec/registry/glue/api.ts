/** The registry of AWS Glue. A topic's schema is named as the topic, as Glue's serializers do it where nothing else is said. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { SchemaId } from '../../frame/schema-id.ts'
import type { Judgment, RegistryApi, SchemaType } from '../api.ts'
import type { RegistryConnection } from '../connection.ts'
import {
  type Answer,
  CONFLICT,
  FORBIDDEN,
  isFinal,
  isNotThere,
  NOT_FOUND,
  Refused,
} from '../request.ts'

/** Glue's own, which an account has without making it. */
const DEFAULT_REGISTRY = 'default-registry'
/** Of schemas that are made; that of Glue's serializers. */
const COMPATIBILITY = 'BACKWARD'
/** Versions that failed are looked past, so many. */
const MOST_FAILED = 20
/** A version is PENDING while it is compared with others. */
const PENDING_MS = 200
const MOST_PENDING = 100

/** What of Glue's answers is read. */
interface GlueAnswer {
  readonly SchemaVersionId?: string
  readonly SchemaVersionStatus?: string
  readonly Status?: string
  readonly VersionNumber?: number
  readonly SchemaDefinition?: string
  readonly DataFormat?: string
  readonly Compatibility?: string
  readonly Schemas?: readonly { readonly SchemaName: string }[]
  readonly NextToken?: string
}

export class GlueApi implements RegistryApi {
  readonly #connection: RegistryConnection
  readonly #registry: string

  constructor(connection: RegistryConnection) {
    this.#connection = connection
    this.#registry = connection.config.registryName ?? DEFAULT_REGISTRY
  }

  subjectOf(topic: string): string {
    return topic
  }

  /** Keys and values have one name by default, so there is none of keys alone. */
  keySubjectOf(): null {
    return null
  }

  /** The latest that others may read: where a producer’s was refused, there is a version that failed. */
  async latest(subject: string): Promise<Answer | undefined> {
    const found = await this.#version(subject, { LatestVersion: true }).catch(ifNotThere)
    if (found === undefined || found.Status === 'AVAILABLE') return found && answerOf(found)
    const { VersionNumber = 1 } = found
    for (let n = VersionNumber - 1; n > 0 && n >= VersionNumber - MOST_FAILED; n--) {
      // One may have been deleted.
      const earlier = await this.#version(subject, { VersionNumber: n }).catch(ifNotThere)
      if (earlier?.Status === 'AVAILABLE') return answerOf(earlier)
    }
    return undefined
  }

  async version(subject: string, version: number): Promise<Answer> {
    return answerOf(await this.#version(subject, { VersionNumber: version }))
  }

  async recorded(subjects: readonly string[], id: number): Promise<Answer | undefined> {
    for (const subject of subjects) {
      const found = await this.version(subject, id).catch(ifNotThere)
      if (found !== undefined) return found
    }
    return undefined
  }

  async subjects(): Promise<readonly string[]> {
    const names: string[] = []
    let page: object = {}
    do {
      const RegistryId = { RegistryName: this.#registry }
      const { Schemas = [], NextToken } = await this.#ask('ListSchemas', { RegistryId, ...page })
      names.push(...Schemas.map(({ SchemaName }) => SchemaName))
      page = NextToken ? { NextToken } : {}
    } while ('NextToken' in page)
    return names
  }

  async byId(id: SchemaId, patienceMs: number): Promise<Answer | undefined> {
    const found = await this.#connection.schema([versionCall(uuidOf(id))], patienceMs)
    return found && answerOf(found as GlueAnswer)
  }

  async registered(subject: string, schema: string): Promise<SchemaId | undefined> {
    const asked = { SchemaId: this.#schemaId(subject), SchemaDefinition: schema }
    try {
      const found = await this.#ask('GetSchemaByDefinition', asked, isFinal)
      // One that has failed before may go through now.
      return (await this.#settledAs(found)) === 'AVAILABLE' ? idOf(found) : undefined
    } catch (error) {
      if (error instanceof Refused && [NOT_FOUND, FORBIDDEN].includes(error.status))
        return undefined
      throw error
    }
  }

  async register(subject: string, schema: string, type: SchemaType): Promise<SchemaId> {
    try {
      return await this.#registerVersion(subject, schema)
    } catch (error) {
      if (!isNotThere(error)) throw error
    }
    try {
      const RegistryId = { RegistryName: this.#registry }
      const made = { RegistryId, SchemaName: subject, DataFormat: type, SchemaDefinition: schema }
      const asked = { ...made, Compatibility: COMPATIBILITY }
      return await this.#settled(await this.#ask('CreateSchema', asked, isFinal))
    } catch (error) {
      // Another instance has just made it.
      if (!(error instanceof Refused && error.status === CONFLICT)) throw error
      return this.#registerVersion(subject, schema)
    }
  }

  /** Glue judges a version only once it is registered. */
  async judge(subject: string): Promise<Judgment> {
    const level = await this.#ask('GetSchema', { SchemaId: this.#schemaId(subject) }, isFinal).then(
      ({ Compatibility = null }) => Compatibility,
      (error) => {
        if (error instanceof Refused) return null
        throw error
      },
    )
    if (level === 'DISABLED') {
      return { state: 'incompatible', level, reason: 'it takes no further versions' }
    }
    return { state: level === 'NONE' ? 'compatible' : 'unjudged', level, reason: '' }
  }

  async #registerVersion(subject: string, schema: string): Promise<SchemaId> {
    const asked = { SchemaId: this.#schemaId(subject), SchemaDefinition: schema }
    return this.#settled(await this.#ask('RegisterSchemaVersion', asked, isFinal))
  }

  /** What frames have of a version that may be read. Throws `Refused` where Glue does not take it. */
  async #settled(made: GlueAnswer): Promise<SchemaId> {
    const status = await this.#settledAs(made)
    if (status === 'AVAILABLE') return idOf(made)
    const why = status === 'FAILURE' ? ', as it is not compatible with an earlier one' : ''
    throw new Refused(422, { message: `the ${idOf(made)} has the status ${status}${why}` })
  }

  /** The status of a version once it was compared with others. */
  async #settledAs(made: GlueAnswer): Promise<string | undefined> {
    const { SchemaVersionId: uuid = '' } = made
    let status = made.SchemaVersionStatus ?? made.Status
    for (let waits = 0; status === 'PENDING' && waits < MOST_PENDING; waits++) {
      await sleep(PENDING_MS)
      const { path, body } = versionCall(uuid)
      status = ((await this.#connection.request({ path, body })) as GlueAnswer).Status
    }
    return status
  }

  #version(subject: string, number: object): Promise<GlueAnswer> {
    const asked = { SchemaId: this.#schemaId(subject), SchemaVersionNumber: number }
    return this.#ask('GetSchemaVersion', asked)
  }

  #schemaId(subject: string): object {
    return { SchemaName: subject, RegistryName: this.#registry }
  }

  async #ask(
    path: string,
    asked: object,
    isVerdict?: (status: number) => boolean,
  ): Promise<GlueAnswer> {
    const call = { path, body: JSON.stringify(asked) }
    return (await this.#connection.request(call, isVerdict)) as GlueAnswer
  }
}

const versionCall = (uuid: string) => ({
  path: 'GetSchemaVersion',
  body: JSON.stringify({ SchemaVersionId: uuid }),
})

const idOf = ({ SchemaVersionId }: GlueAnswer): SchemaId => `version ${SchemaVersionId}`

/** Of `version 6a5b…`. */
const uuidOf = (id: SchemaId): string => String(id).replace(/^version /, '')

function answerOf(found: GlueAnswer): Answer {
  const { VersionNumber = 1, SchemaDefinition = '', DataFormat = 'AVRO' } = found
  return {
    id: VersionNumber,
    named: idOf(found),
    schema: SchemaDefinition,
    schemaType: DataFormat,
  }
}

const ifNotThere = (error: unknown): undefined => {
  if (!isNotThere(error)) throw error
}
