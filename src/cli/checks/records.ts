/** What is said of a sample's records: whether they can be read, and what to do where they cannot. */
import type { KeyFormat } from '../../config/pipeline.ts'
import { plural } from '../../config/text.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { framesText } from './frames.ts'
import { looksOf } from './key-shapes.ts'
import type { ValueSample, ValuesRead } from './values.ts'

export function checkValues(sample: ValueSample, read: ValuesRead): Finding[] {
  const { topic, records } = sample
  const what = 'records'
  if (records.length === 0)
    return [warn(what, `${topic} is empty`, 'check again when it is filled')]
  if (read.others === records.length) {
    const detail = `${topic}: the last ${plural(records.length, 'record')} are of other types than the one that is read`
    return [warn(what, detail, 'correct type in the file, unless it is a rare one')]
  }
  if (read.rowless > 0 && read.readable === 0 && read.faults.size === 0) {
    const detail = `${topic}: the last ${plural(records.length, 'record')} are of no row: deletions, or changes of a table`
    return [warn(what, detail, 'check again when rows have come')]
  }
  if (read.others + read.filtered === records.length) {
    const detail = `${topic}: where takes none of the last ${plural(records.length, 'record')} of its type`
    return [warn(what, detail, 'correct where in the file, unless what it takes is rare')]
  }
  if (read.faults.size === 0) {
    const others = read.others === 0 ? '' : `; ${read.others} are of another type, and passed over`
    const filtered = read.filtered === 0 ? '' : `; ${read.filtered} are not taken by where`
    const rowless = read.rowless === 0 ? '' : `; ${read.rowless} are deletions, or of no row`
    const last = plural(records.length, 'record')
    const frames = framesText(sample)
    const also = `${others}${filtered}${rowless}${frames}`
    return [ok(what, `${topic}: the last ${last} can be read${also}`)]
  }
  return [...read.faults].map(([reason, { count, first, at }]) => {
    const which = count === 1 ? 'it is' : 'the first is'
    const detail = `${topic}: ${count} of the last ${plural(records.length, 'record')} would be rejected (${reason}: ${first}); ${which} ${topic}-${at}`
    const remedy =
      keyRemedy(sample, reason) ??
      joinRemedy(sample, reason) ??
      (sample.isOfRegistry ? OF_REGISTRY[reason] : undefined) ??
      REMEDIES[reason] ??
      `correct the producer of ${topic}, or the file`
    return read.readable === 0 ? fail(what, detail, remedy) : warn(what, detail, remedy)
  })
}

/** Where the keys of the sample look like those of another format than the file says. */
function keyRemedy({ keyFormat, records }: ValueSample, reason: string): string | undefined {
  if (reason !== 'bad_key' && reason !== 'key_mismatch') return undefined
  const keys = records.flatMap(({ key }) => (key === null ? [] : [key]))
  const { format, what, remedy } = looksOf(keys)
  const isPlain = (one: KeyFormat | null): boolean => one === 'text' || one === 'bytes'
  if (format === keyFormat || (isPlain(format) && isPlain(keyFormat))) return undefined
  return `the keys look like ${what}: ${remedy}`
}

/** Where records are not keyed by the join field: one line of the file is enough. */
function joinRemedy({ join }: ValueSample, reason: string): string | undefined {
  if (join === null || (reason !== 'null_key' && reason !== 'key_mismatch')) return undefined
  return `${join.instead}; or write ${join.field} as the record key`
}

const OF_REGISTRY: Readonly<Record<string, string>> = {
  malformed:
    'the bytes are not of the schema whose id they carry: correct the producer, or name the registry that it has its ids from',
}

const REMEDIES: Readonly<Record<string, string>> = {
  null_key: 'write the join field (a dimension: what is looked up) as the record key',
  null_value:
    'leave records without a value out where they are written: only a dimension has deletions',
  null_field: 'fill the field where it is written',
  bad_time: 'have the producer write it with Z or an offset, or name another field as time',
  not_framed:
    'have the producer name their schema in a way that is read (docs/keys.md), or write frame: none where they name none',
  bad_key: 'name the right keyFormat in the file',
  key_mismatch: 'write the join field as the record key, or name another field in join.on',
  incompatible_schema:
    'correct the producer; where the topic has several types of records, name the one to read with type',
  unknown_schema: 'register the schema with its id in the registry of the file',
  unwritable: 'leave the field out with select, or write another format',
  expression_failed: 'guard the expression, or have it be null instead: try(…)',
  malformed: 'the schema in the file is not the one that the records were written with',
}
