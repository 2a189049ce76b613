import type { Pipeline, RegistryType } from './pipeline.ts'
import type { RawPipeline } from './raw-pipeline.ts'
import type { ReportAt } from './report.ts'
import { inputsOf } from './topic-names.ts'

type Key = keyof NonNullable<RawPipeline['registry']>

/** Keys that are of some types only. */
const TYPES_OF: Readonly<Partial<Record<Key, readonly RegistryType[]>>> = {
  url: ['confluent', 'apicurio', 'azure'],
  region: ['glue'],
  endpoint: ['glue'],
  registryName: ['glue'],
  group: ['azure'],
  username: ['confluent', 'apicurio'],
  password: ['confluent', 'apicurio'],
  token: ['confluent', 'apicurio', 'azure'],
  useId: ['apicurio'],
}

/** What is no format of a registry's frames. */
const CLOUDS: Readonly<Partial<Record<RegistryType, string>>> = {
  glue: 'AWS Glue',
  azure: 'Azure',
}

/** What the registry's type has, and has not. */
export function checkRegistry(
  { registry: raw = {} }: RawPipeline,
  pipeline: Pipeline,
  report: ReportAt,
): void {
  const { registry } = pipeline
  if (registry === null) return
  const { type, username, token, group } = registry
  if (token !== null && username !== null) {
    report(['registry', 'token'], 'is in place of username and password; leave one of them out')
  }
  for (const key of Object.keys(raw) as Key[]) {
    const types = TYPES_OF[key]
    if (types === undefined || types.includes(type)) continue
    report(['registry', key], `is for type: ${types.join(', ')} only`)
  }
  if (type === 'azure' && group === null) {
    report(['registry'], 'of the type azure needs group, the schema group of its namespace')
  }
  const cloud = CLOUDS[type]
  if (cloud !== undefined) checkFrames(pipeline, type, cloud, report)
}

/** Values of these registries are Avro's, or JSON without a frame. */
function checkFrames(
  pipeline: Pipeline,
  type: RegistryType,
  cloud: string,
  report: ReportAt,
): void {
  for (const { path, config } of inputsOf(pipeline)) {
    if (config.format === 'protobuf') {
      report([...path, 'format'], `protobuf with ${cloud}’s frame is not read`)
    }
    if (config.keyFormat === 'protobuf') {
      report([...path, 'keyFormat'], `protobuf with ${cloud}’s frame is not read`)
    }
    if (type === 'azure' && config.keyFormat === 'avro' && config.frame === null) {
      const why = 'avro: no header of Azure’s names the schema of keys; use other keys'
      report([...path, 'keyFormat'], why)
    }
  }
  for (const { path, format, frame, schemaId } of pipeline.outputs) {
    if (format === 'protobuf' && frame === null) {
      const why = `protobuf with ${cloud}’s frame is not written; say frame: none, and schema`
      report([...path, 'format'], why)
    }
    if (schemaId !== null) {
      const why = `is no id of ${cloud}’s; leave it out: a schema that is registered is found there`
      report([...path, 'schemaId'], why)
    }
  }
}
