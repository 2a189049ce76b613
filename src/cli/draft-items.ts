/** Whether a topic's values have items of DynamoDB in them, and which. */
import { isObject } from '../codec/avro/default.ts'
import type { AvroRecordSchema } from '../codec/avro/reader.ts'
import { ENVELOPES, envelopedSchema, rowSchema } from '../codec/envelope/schema.ts'
import { ITEMS } from '../codec/envelope/stream-records.ts'
import type { EnvelopeKind } from '../config/pipeline.ts'
import { nearlyAll } from './checks/key-shapes.ts'
import { imageText, memberAt } from './item-text.ts'

export interface ItemsDraft {
  readonly kind: EnvelopeKind
  /** Texts of JSON without the tags of types. */
  readonly items: readonly string[]
  /** The primary key's attributes, where values say them. */
  readonly key: readonly string[]
}

/** undefined: values are others. @param texts of JSON */
export function itemsIn(texts: readonly string[]): ItemsDraft | undefined {
  const values = texts.map((text): unknown => JSON.parse(text))
  for (const kind of ITEMS) {
    const { op, ops, after, before } = ENVELOPES[kind]
    const found = values.filter((value) => Object.hasOwn(ops, String(memberAt(value, op))))
    const items = found.flatMap((value) => {
      const image = memberAt(value, after) ?? memberAt(value, before)
      return imageText(image, kind) ?? []
    })
    if (items.length === 0 || !nearlyAll(items.length, values.length)) continue
    const [keys] = found.flatMap((value) => memberAt(value, 'dynamodb.Keys') ?? [])
    const key = isObject(keys) ? Object.keys(keys) : []
    return { kind, items, key }
  }
  return undefined
}

/** The item's schema, with what is around it. */
export const itemSchema = (item: AvroRecordSchema, kind: EnvelopeKind): AvroRecordSchema =>
  rowSchema(envelopedSchema(item, kind), kind)
