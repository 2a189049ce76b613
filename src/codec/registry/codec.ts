import type { RejectReason } from '../../batch.ts'
import { messageOf } from '../../errors.ts'
import type { AvroRecordSchema, ReaderPlan } from '../avro/reader.ts'
import { fullNameOf, isOfType } from '../avro/record-type.ts'
import { FramedSchemas } from '../frame/framed-schemas.ts'
import { type Frame, VALUE } from '../frame/framing.ts'
import { readerBehind } from '../frame/inflate.ts'
import type { SchemaId } from '../frame/schema-id.ts'
import { OTHER_TYPE, type OtherType, type TopicCodec, type ValueReader } from '../port.ts'
import { Projection } from '../projection.ts'
import type { Registry } from './registry.ts'

/** What is known of the schema of a frame: who reads it, or why nobody does. */
interface Known {
  readonly answer: ValueReader | RejectReason | OtherType
  readonly fault: string
}

/** Values of a topic whose writer schemas are in the registry; each is resolved to the reader's schema. */
export class RegistryCodec implements TopicCodec {
  readonly #schema: AvroRecordSchema
  readonly #projection: Projection
  readonly #type: string | null
  readonly #schemas: FramedSchemas<Known>
  fault = ''

  /** @param type of the records that are read; null: any that the schema can be read from */
  constructor(registry: Registry, schema: AvroRecordSchema, plan: ReaderPlan, type: string | null) {
    this.#schemas = new FramedSchemas(VALUE, registry, (...of) => this.#compile(...of))
    this.#schema = schema
    this.#projection = new Projection(schema, plan)
    this.#type = type
  }

  reader(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): ValueReader | RejectReason | OtherType | null {
    const known = this.#schemas.find(buffer, start, end, headerStart, headerEnd)
    if (known === undefined) {
      this.fault = this.#schemas.fault
      return this.#schemas.reason
    }
    const { answer } = known
    if (typeof answer === 'string') this.fault = known.fault
    return answer
  }

  load(
    buffer: Buffer,
    start: number,
    end: number,
    headerStart: number,
    headerEnd: number,
  ): Promise<void> {
    return this.#schemas.load(buffer, start, end, headerStart, headerEnd, 'The schema')
  }

  #compile(schema: unknown, id: SchemaId, frame: Frame): Known {
    if (this.#isOther(schema as AvroRecordSchema | null)) {
      const fault = `The schema ${id} is of another type: ${fullNameOf(schema as AvroRecordSchema)}`
      return { answer: OTHER_TYPE, fault }
    }
    try {
      return {
        answer: readerBehind(frame, (at) => this.#projection.readerOf(schema, at)),
        fault: '',
      }
    } catch (error) {
      const fault = `The schema ${id} cannot be read as ${this.#schema.name}: ${messageOf(error)}`
      return { answer: 'incompatible_schema', fault }
    }
  }

  #isOther(writer: AvroRecordSchema | null): boolean {
    if (this.#type === null || writer?.type !== 'record') return false
    return !isOfType(writer, this.#schema, this.#type)
  }
}
