import { closeSync, openSync, statSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileFault } from './file-fault.ts'
import type { DerivedField, Format, TopicConfig } from './pipeline.ts'
import type { RawTopic } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'

/** What is known of the file that a topic stands in. */
export interface Surroundings {
  /** Schema files are named relative to it. */
  readonly folder: string
  readonly hasRegistry: boolean
  readonly report: ReportAt
}

/** An input topic, complete; its schema files are there. @param path its place in the pipeline file */
export function topicOf(raw: RawTopic, path: readonly string[], around: Surroundings): TopicConfig {
  return {
    topic: raw.topic,
    format: raw.format ?? 'avro',
    frame: frameOf(raw, path, around),
    keyFormat: raw.keyFormat ?? 'text',
    keySchema: keySchemaFile(raw, path, around),
    schema: schemaFile(raw, path, around),
    envelope: raw.envelope ?? null,
    type: typeOf(raw, path, around),
    time: (typeof raw.time === 'object' ? raw.time.field : raw.time) ?? null,
    timeUnit: (typeof raw.time === 'object' ? raw.time.unit : undefined) ?? null,
    where: raw.where ?? null,
    fields: derivedFields(raw),
  }
}

export const derivedFields = ({ fields = {} }: Pick<RawTopic, 'fields'>): DerivedField[] =>
  Object.entries(fields).map(([name, expression]) => ({ name, expression }))

/** A bare record names no schema. */
function frameOf(
  { frame, schema }: RawTopic,
  path: readonly string[],
  { report }: Surroundings,
): 'none' | null {
  if (frame === undefined) return null
  if (schema === undefined) {
    report([...path, 'frame'], 'needs schema, a file: values without a frame name none')
  }
  return frame
}

function keySchemaFile(
  { frame, keyFormat, keySchema }: RawTopic,
  path: readonly string[],
  around: Surroundings,
): string | null {
  const { hasRegistry, report } = around
  const isProtobuf = keyFormat === 'protobuf'
  if (isProtobuf && keySchema === undefined && !hasRegistry) {
    const place = [...path, 'keyFormat']
    report(place, 'protobuf needs keySchema, a .proto file or descriptors, without a registry')
  }
  if (keySchema === undefined) return null
  const place = [...path, 'keySchema']
  if (keyFormat !== 'avro' && !isProtobuf) {
    report(place, 'is for keyFormat: avro and keyFormat: protobuf only')
  }
  if (hasRegistry && (isProtobuf || frame === undefined))
    report(place, 'is for keys without a registry; with one they name their schema')
  return readableFile(keySchema, place, around)
}

/** JSON needs none: see `plan/undeclared.ts`. */
const NO_SCHEMA: Readonly<Record<Format, string | null>> = {
  avro: 'without a registry the topic needs schema, an .avsc file',
  json: null,
  protobuf: 'without a registry the topic needs schema, a .proto file or descriptors (.desc)',
}

function schemaFile(
  { schema, format }: RawTopic,
  path: readonly string[],
  around: Surroundings,
): string | null {
  const { hasRegistry, report } = around
  if (schema !== undefined) return readableFile(schema, [...path, 'schema'], around)
  const fault = NO_SCHEMA[format ?? 'avro']
  if (!hasRegistry && fault !== null) report(path, fault)
  return null
}

function readableFile(
  name: string,
  place: readonly string[],
  { folder, report }: Surroundings,
): string {
  const file = resolve(folder, name)
  try {
    closeSync(openSync(file, 'r'))
    if (statSync(file).isDirectory()) report(place, `the schema file ${file} is a folder`)
  } catch (error) {
    report(place, `the schema file ${file} ${fileFault(error)}`)
  }
  return file
}

/** Without a registry nobody knows of what type a record is, but of Protobuf’s, which say it; and of JSON’s nobody does. */
function typeOf(
  { type, format }: RawTopic,
  path: readonly string[],
  { hasRegistry, report }: Surroundings,
): string | null {
  if (type === undefined) return null
  if (format === 'json') {
    report([...path, 'type'], 'is of Avro’s records; which of JSON’s are taken `where` says')
  } else if (!hasRegistry && format !== 'protobuf') {
    report([...path, 'type'], 'needs a registry, which knows of what type a record is')
  }
  return type
}
