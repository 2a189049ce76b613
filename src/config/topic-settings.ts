/** Kafka's settings of a topic: which there are, and how the pipeline file writes their values. */
import type { TopicSettings } from './pipeline.ts'
import type { RawTopicSettings } from './raw-pipeline.ts'
import { bytesOf, milliseconds } from './units.ts'

/** What a setting's value is; a list has all that it may be. */
export type SettingKind = 'ms' | 'bytes' | 'count' | 'ratio' | 'flag' | readonly string[]

/** https://kafka.apache.org/documentation/#topicconfigs, but for those in `NAMED`. */
export const KAFKA_SETTINGS: Readonly<Record<string, SettingKind>> = {
  'compression.gzip.level': 'count',
  'compression.lz4.level': 'count',
  'compression.zstd.level': 'count',
  'delete.retention.ms': 'ms',
  'file.delete.delay.ms': 'ms',
  'flush.messages': 'count',
  'flush.ms': 'ms',
  'index.interval.bytes': 'bytes',
  'local.retention.bytes': 'bytes',
  'local.retention.ms': 'ms',
  'max.compaction.lag.ms': 'ms',
  'max.message.bytes': 'bytes',
  'message.timestamp.after.max.ms': 'ms',
  'message.timestamp.before.max.ms': 'ms',
  'message.timestamp.difference.max.ms': 'ms',
  'message.timestamp.type': ['CreateTime', 'LogAppendTime'],
  'min.cleanable.dirty.ratio': 'ratio',
  'min.compaction.lag.ms': 'ms',
  preallocate: 'flag',
  'remote.storage.enable': 'flag',
  'segment.bytes': 'bytes',
  'segment.index.bytes': 'bytes',
  'segment.jitter.ms': 'ms',
  'segment.ms': 'ms',
  'unclean.leader.election.enable': 'flag',
}

/** Settings that the file has keys of their own for. */
export const NAMED = {
  retention: 'retention.ms',
  retentionBytes: 'retention.bytes',
  minInsync: 'min.insync.replicas',
  compression: 'compression.type',
  cleanup: 'cleanup.policy',
} as const

export const UNLIMITED = 'unlimited'

/** What the file says of a topic, in Kafka's names and values. */
export function topicSettingsOf(
  raw: RawTopicSettings = {},
  path: readonly string[],
): TopicSettings {
  const { partitions, replicationFactor, settings = {}, ...named } = raw
  const config: Record<string, string> = {}
  for (const [key, name] of Object.entries(NAMED)) {
    const value = named[key as keyof typeof NAMED]
    if (value !== undefined) config[name] = kafkaValue(name, value)
  }
  for (const [name, value] of Object.entries(settings)) config[name] = kafkaValue(name, value)
  return {
    path,
    partitions: partitions ?? null,
    replicationFactor: replicationFactor ?? null,
    config,
  }
}

function kafkaValue(name: string, value: string | number | boolean): string {
  if (value === UNLIMITED) return '-1'
  if (typeof value !== 'string') return String(value)
  if (name.endsWith('.ms')) return String(milliseconds(value))
  return name.endsWith('.bytes') ? String(bytesOf(value)) : value
}
