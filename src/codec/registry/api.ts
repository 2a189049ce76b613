import type { SchemaId } from '../frame/schema-id.ts'
import type { Answer } from './request.ts'

/** What an output's schema may be. */
export type SchemaType = 'AVRO' | 'PROTOBUF'

/** What a registry says of a schema that its subject does not have yet; `unjudged`: it judges what is registered only. */
export interface Judgment {
  readonly state: 'compatible' | 'incompatible' | 'unjudged'
  /** By which it was, or would be, judged, as `BACKWARD`; null: the registry does not say. */
  readonly level: string | null
  /** What the registry says is wrong; empty: nothing, or it does not say. */
  readonly reason: string
}

/**
 * What is asked of a registry, whoever's it is. All of it waits out an outage, and throws `Refused` where the registry answers
 * with a refusal that is a verdict.
 */
export interface RegistryApi {
  /** Under which name the schema of a topic's values is. */
  subjectOf(topic: string): string
  /** The same of its keys; null: nothing is said of them before they come. */
  keySubjectOf(topic: string): string | null
  /** The latest version of a subject; undefined where there is none. */
  latest(subject: string): Promise<Answer | undefined>
  /** A version that another schema refers to. */
  version(subject: string, version: number): Promise<Answer>
  /** The schema that `latest` gave once, with this id, for one of the subjects; undefined: it is there no more. */
  recorded(subjects: readonly string[], id: number): Promise<Answer | undefined>
  subjects(): Promise<readonly string[]>
  /** By what frames have. @param patienceMs so long one that is not there is asked for again: a node may be behind the others */
  byId(id: SchemaId, patienceMs: number): Promise<Answer | undefined>
  /** What frames have of a schema that is registered; undefined: it is not there, or we may not ask. */
  registered(subject: string, schema: string, type: SchemaType): Promise<SchemaId | undefined>
  /** Registers a schema. @returns what frames have of it */
  register(subject: string, schema: string, type: SchemaType): Promise<SchemaId>
  /** Judges a schema by those of a subject, which is there. Registers nothing. */
  judge(subject: string, schema: string, type: SchemaType): Promise<Judgment>
}
