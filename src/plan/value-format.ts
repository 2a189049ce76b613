/** How the values of input topics are written: what their schemas are, and how they are read. */
import type { AvroRecordSchema, ReaderPlan } from '../codec/avro/reader.ts'
import type { SchemaId } from '../codec/frame/schema-id.ts'
import type { NamedMembers } from '../codec/json/undeclared.ts'
import type { TopicCodec } from '../codec/port.ts'
import type { Registry } from '../codec/registry/registry.ts'
import type { ValueTexts } from '../codec/value-text.ts'
import type { TopicConfig } from '../config/pipeline.ts'

/** What says which schema a topic has. */
export type SchemaConfig = Pick<TopicConfig, 'topic' | 'schema' | 'type'>

export interface ReaderSchema {
  /** The registry's; 0: it is a file's. */
  readonly id: number
  /** What frames have in place of the id; undefined: they have that. */
  readonly named?: SchemaId | undefined
  readonly schema: AvroRecordSchema
}

/**
 * Whatever a value is written as, it is planned with and read as a record of an Avro schema: that is what a format has to
 * give of its own schemas, and what its reader makes of bytes.
 */
export interface ValueFormat {
  /**
   * The topic's schema: its file's, else the registry's latest. Throws SCHEMA_INVALID.
   * @param members what stands for a schema where there is none; undefined: there has to be one
   */
  schemaOf(
    topic: SchemaConfig,
    registry: Registry | null,
    members?: NamedMembers,
  ): Promise<ReaderSchema>
  /** The registry's schema of this id; undefined: it has none. Throws SCHEMA_INVALID. */
  recorded(topic: SchemaConfig, id: number, registry: Registry): Promise<ReaderSchema | undefined>
  /** What stands for a schema where there is none; undefined: there has to be one. */
  readonly undeclared?: (topic: SchemaConfig, members: NamedMembers) => ReaderSchema
  /**
   * Reads the topic's values. Throws SCHEMA_INVALID.
   * @param schema what `schemaOf` gave, or what it gave when the window was stored
   * @param registry has the schemas that records were written with; null: they are that of the file
   */
  codec(
    topic: TopicConfig,
    schema: AvroRecordSchema,
    plan: ReaderPlan,
    registry: Registry | null,
  ): TopicCodec
  /** Whole values, for people to read. @param schema what `schemaOf` gave; @param registry as with `codec` */
  decoder(
    topic: Pick<TopicConfig, 'frame'>,
    schema: AvroRecordSchema,
    registry: Registry | null,
  ): ValueTexts
}
