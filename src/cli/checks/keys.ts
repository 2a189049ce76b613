/** Whether records of one key meet: how the two streams say their keys, and which partitioner wrote them. */
import { PARTITIONERS, type Partitioner } from '../../broker/partitioner.ts'
import { plural } from '../../config/text.ts'
import { formsText, type KeySchemas, schemaDifference, schemaIdOf } from '../../plan/key-forms.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export interface SampledKey {
  readonly partition: number
  readonly key: Buffer | null
  /** What is compared, as the service reads it; null: there is none. */
  readonly text: Buffer | null
  /** As `formOf` has it; null: the key cannot be read. */
  readonly form: string | null
}

export interface KeySample {
  readonly topic: string
  readonly partitions: number
  readonly records: readonly SampledKey[]
}

const WHAT = 'key hash'
const ONE_PARTITIONER =
  'write both topics with one partitioner. Java’s murmur2 is partitioner=murmur2_random in librdkafka (Python, Go, .NET, Rust, @confluentinc/kafka-javascript), Murmur2Balancer in kafka-go, compatibilityPartitioner in @platformatic/kafka, DefaultPartitioner in kafkajs, and a partitioner of your own in sarama. Records that are there already have to be written again'
const ONE_FORM =
  'write both topics’ keys with one serializer and, where it is Avro, one schema (the same text under both subjects; in Java avro.remove.java.properties=true leaves its string hint out), or as plain text. Records that are there already have to be written again'
/** A chance below this is none. */
const UNLIKELY = 0.001

interface Keyed {
  readonly partition: number
  readonly key: Buffer
  readonly text: Buffer
  readonly form: string | null
}

interface Side {
  readonly topic: string
  readonly partitions: number
  readonly keyed: readonly Keyed[]
  readonly forms: ReadonlySet<string>
}

function sideOf({ topic, partitions, records }: KeySample): Side {
  const keyed = records.flatMap(({ partition, key, text, form }) =>
    key === null ? [] : [{ partition, key, text: text ?? key, form }],
  )
  return { topic, partitions, keyed, forms: new Set(keyed.flatMap(({ form }) => form ?? [])) }
}

/** Those that explain where every key of every side lies. */
function explaining(sides: readonly Side[], of: 'key' | 'text'): Partitioner | undefined {
  return PARTITIONERS.find((partitioner) =>
    sides.every(({ keyed, partitions }) =>
      keyed.every((one) => partitioner.partition(one[of], partitions) === one.partition),
    ),
  )
}

/**
 * Compares samples of facts and right stream with what known partitioners would have done, and with each other.
 * @param schemas of Avro keys
 */
export function checkKeyHash(
  facts: KeySample,
  right: KeySample,
  schemas: KeySchemas = new Map(),
): Finding[] {
  const nothing = [facts, right].flatMap(checkKeyed)
  if (nothing.length > 0) return nothing
  if (facts.partitions === 1 && right.partitions === 1) {
    return [ok(WHAT, 'one partition: records of one key meet in any case')]
  }
  const [a, b] = [sideOf(facts), sideOf(right)]
  const apart = firstApart(a, b, schemas)
  if (apart !== undefined) return [apart]
  const common = explaining([a, b], 'key')
  const differ = formsDiffer(a, b, schemas)
  const read = plural(a.keyed.length + b.keyed.length, 'key')
  if (common !== undefined && differ === undefined) {
    return [ok(WHAT, `${read} of both topics lie where ${common.name}, ${common.of}, puts them`)]
  }
  const byText = explaining([a, b], 'text')
  if (byText !== undefined && differ !== undefined) {
    return [ok(WHAT, `${read} of both topics lie where ${byText.name} of their text puts them`)]
  }
  const shared = sharedKeys(a, b, differ !== undefined)
  if (a.partitions === b.partitions && a.partitions ** -shared < UNLIKELY) {
    const detail = `the ${plural(shared, 'key')} that both samples have lie on the same partitions; by which partitioner is not known`
    return [ok(WHAT, detail)]
  }
  return [...(differ === undefined ? [] : [differ]), ...partitionersDiffer(a, b, shared)]
}

/**
 * Where the other side is repartitioned: its records lie where Java's murmur2 of their join field puts them, and
 * those of this side have to lie there, too.
 * @param line of the file that has them carried, too
 */
export function checkBesideRepartition(sample: KeySample, line: string): Finding[] {
  const nothing = checkKeyed(sample)
  if (nothing.length > 0) return nothing
  if (sample.partitions === 1)
    return [ok(WHAT, 'one partition: records of one key meet in any case')]
  const side = sideOf(sample)
  const [java] = PARTITIONERS
  const odd = side.keyed.filter(({ text, partition }) => {
    return java.partition(text, side.partitions) !== partition
  })
  const read = plural(side.keyed.length, 'key')
  if (odd.length === 0) {
    return [
      ok(
        WHAT,
        `${read} of ${side.topic} lie where ${java.name} of their text puts them, as repartitioned records do`,
      ),
    ]
  }
  const detail = `${odd.length} of ${read} of ${side.topic} lie on another partition than ${java.name} of their text gives, where repartitioned records are: records of one key do not meet`
  return [
    fail(
      WHAT,
      detail,
      `write ${line}, or write the topic with Java’s default partitioner and plain text as its keys`,
    ),
  ]
}

function checkKeyed({ topic, records }: KeySample): Finding[] {
  if (records.length === 0) {
    return [warn(WHAT, `${topic} has no records to look at`, 'check again when there are some')]
  }
  if (records.some(({ key }) => key !== null)) return []
  const detail = `the last ${records.length} records of ${topic} have no key`
  return [fail(WHAT, detail, `write the join field as the key of ${topic}`)]
}

function partitionersDiffer(a: Side, b: Side, shared: number): Finding[] {
  const [left, right] = [a, b].map((side) => explaining([side], 'key'))
  if (explaining([a, b], 'key') !== undefined) return []
  if (left !== undefined && right !== undefined) {
    const detail = `${a.topic} is partitioned with ${left.name}, ${b.topic} with ${right.name}: records of one key do not meet`
    return [fail(WHAT, detail, ONE_PARTITIONER)]
  }
  const agree =
    shared === 0 ? 'no key is in both samples' : `they agree on ${plural(shared, 'key')}`
  return [a, b]
    .filter((side) => explaining([side], 'key') === undefined)
    .map((side) => {
      const detail = `${misplaced(side)} of ${side.keyed.length} keys of ${side.topic} lie on another partition than Java's default partitioner (murmur2) gives; ${agree}`
      return shared === 0
        ? fail(WHAT, detail, ONE_PARTITIONER)
        : warn(WHAT, detail, ONE_PARTITIONER)
    })
}

function misplaced({ keyed, partitions }: Side): number {
  const [java] = PARTITIONERS
  return keyed.filter(({ key, partition }) => java.partition(key, partitions) !== partition).length
}

/** That equal keys may have different bytes; undefined: they have not, as far as the samples show. */
function formsDiffer(a: Side, b: Side, schemas: KeySchemas): Finding | undefined {
  if (a.forms.size === 0 || b.forms.size === 0) return undefined
  const isSame = a.forms.size === b.forms.size && [...a.forms].every((form) => b.forms.has(form))
  // JSON text and numbers side by side are of different keys, two schemas may be of the same.
  const ids = [...a.forms].filter((form) => schemaIdOf(form) !== undefined)
  if (isSame && ids.length < 2) return undefined
  const [left] = a.forms
  const right = [...b.forms].find((form) => form !== left) ?? left
  const why = `equal keys have different bytes, and so different partitions${schemaDifference(left, right, schemas)}`
  const detail = `the keys of ${a.topic} are ${formsText(a.forms)}, those of ${b.topic} are ${formsText(b.forms)}: ${why}`
  const isApart = [...a.forms].every((form) => !b.forms.has(form))
  return isApart ? fail(WHAT, detail, ONE_FORM) : warn(WHAT, detail, ONE_FORM)
}

/** Where each key lies, by its text: on several partitions where its topic is written in two ways. */
function places({ keyed }: Side): Map<string, Keyed[]> {
  const found = new Map<string, Keyed[]>()
  for (const one of keyed) {
    const name = one.text.toString('latin1')
    found.set(name, [...(found.get(name) ?? []), one])
  }
  return found
}

function firstApart(a: Side, b: Side, schemas: KeySchemas): Finding | undefined {
  if (a.partitions !== b.partitions) return undefined
  const there = places(b)
  for (const one of a.keyed) {
    const others = there.get(one.text.toString('latin1')) ?? []
    const other = others.find(({ partition }) => partition !== one.partition)
    if (other === undefined) continue
    const key = JSON.stringify(one.text.toString())
    const where = `the key ${key} is on partition ${one.partition} of ${a.topic} and on ${other.partition} of ${b.topic}: they do not meet`
    if (one.form === other.form || one.form === null || other.form === null) {
      return fail(WHAT, where, ONE_PARTITIONER)
    }
    const [left, right] = [one.form, other.form].map((form) => formsText(new Set([form])))
    const difference = schemaDifference(one.form, other.form, schemas)
    const cause = `its bytes differ, for keys are ${left} in ${a.topic} and ${right} in ${b.topic}${difference}`
    return fail(WHAT, `${where}; ${cause}`, ONE_FORM)
  }
  return undefined
}

/** @param inOtherForm only those that have other bytes on the other side */
function sharedKeys(a: Side, b: Side, inOtherForm: boolean): number {
  const there = places(b)
  return [...places(a)].filter(([text, [{ form }]]) =>
    there.get(text)?.some((other) => !inOtherForm || other.form !== form),
  ).length
}
