/** Which Avro record a value is, where a topic has several types. */
import type { AvroRecordSchema } from './reader.ts'
import { fullName, innerNamespace } from './schema-references.ts'

export const fullNameOf = ({ name, namespace = '' }: AvroRecordSchema): string =>
  fullName(name, namespace)

/** `shop.OrderPlaced` → `OrderPlaced` */
export const unqualified = (name: string): string => name.slice(name.lastIndexOf('.') + 1)

/** @param type a full name, or one without a namespace, which stands for that name in any */
export function isNamed(schema: AvroRecordSchema, type: string): boolean {
  const full = fullNameOf(schema)
  return type.includes('.') ? full === type : unqualified(full) === type
}

/** Whether the writer's record is of the type that is read; the reader's schema may have earlier names of it as aliases. */
export function isOfType(
  writer: AvroRecordSchema,
  reader: AvroRecordSchema,
  type: string,
): boolean {
  if (isNamed(writer, type)) return true
  const namespace = innerNamespace(reader, '')
  const aliases = (reader.aliases ?? []).map((alias) => fullName(alias, namespace))
  return aliases.includes(fullNameOf(writer))
}
