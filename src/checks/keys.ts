/** Whether records of one key meet: which partitioner wrote the two streams. */
import { PARTITIONERS } from '../broker/partitioner.ts'
import { type Finding, fail, ok, warn } from './finding.ts'
import { plural } from './text.ts'

export interface KeySample {
  readonly topic: string
  readonly partitions: number
  readonly records: readonly { readonly partition: number; readonly key: Buffer | null }[]
}

const WHAT = 'key hash'
const REMEDY =
  "write both topics with one partitioner; librdkafka's producers (Python, Go, .NET) take Java's with partitioner=murmur2_random. Records that are there already have to be written again"

interface Verdict extends KeySample {
  /** The partitioner that explains every key; undefined: none does. */
  readonly partitioner: string | undefined
  readonly keyed: readonly { readonly partition: number; readonly key: Buffer }[]
}

function judge(sample: KeySample): Verdict {
  const keyed = sample.records.flatMap(({ partition, key }) =>
    key === null ? [] : [{ partition, key }],
  )
  const explains = PARTITIONERS.find(
    (p) =>
      keyed.length > 0 &&
      keyed.every(({ key, partition }) => p.partition(key, sample.partitions) === partition),
  )
  return { ...sample, keyed, partitioner: explains?.name }
}

/** Compares samples of facts and right stream with what known partitioners would have done, and with each other. */
export function checkKeyHash(facts: KeySample, right: KeySample): Finding[] {
  const sides = [judge(facts), judge(right)]
  const empty = sides.filter(({ keyed }) => keyed.length === 0)
  if (empty.length > 0) {
    return empty.map(({ topic, records }) =>
      records.length === 0
        ? warn(WHAT, `${topic} has no records to look at`, 'check again when there are some')
        : fail(
            WHAT,
            `the last ${records.length} records of ${topic} have no key`,
            `write the join field as the key of ${topic}`,
          ),
    )
  }
  if (facts.partitions === 1 && right.partitions === 1) {
    return [ok(WHAT, 'one partition: records of one key meet in any case')]
  }
  const apart = firstApart(sides[0], sides[1])
  if (apart !== undefined) return [fail(WHAT, apart, REMEDY)]
  const [a, b] = sides
  if (a.partitioner !== undefined && a.partitioner === b.partitioner) {
    const read = plural(a.keyed.length + b.keyed.length, 'key')
    const java = a.partitioner === 'murmur2' ? ", Java's default" : ', librdkafka’s default'
    return [ok(WHAT, `${read} of both topics lie where ${a.partitioner}${java}, puts them`)]
  }
  if (a.partitioner !== undefined && b.partitioner !== undefined) {
    const detail = `${a.topic} is partitioned with ${a.partitioner}, ${b.topic} with ${b.partitioner}: records of one key do not meet`
    return [fail(WHAT, detail, REMEDY)]
  }
  const shared = sharedKeys(a, b)
  const agree =
    shared === 0 ? 'no key is in both samples' : `they agree on ${plural(shared, 'key')}`
  return sides
    .filter(({ partitioner }) => partitioner === undefined)
    .map((side) => {
      const detail = `${misplaced(side)} of ${side.keyed.length} keys of ${side.topic} lie on another partition than Java's default partitioner (murmur2) gives; ${agree}`
      return shared === 0 ? fail(WHAT, detail, REMEDY) : warn(WHAT, detail, REMEDY)
    })
}

function misplaced({ keyed, partitions }: Verdict): number {
  const [java] = PARTITIONERS
  return keyed.filter(({ key, partition }) => java.partition(key, partitions) !== partition).length
}

/** By key, the partitions that it lies on: more than one, where its topic is written in two ways. */
function places({ keyed }: Verdict): Map<string, Set<number>> {
  const found = new Map<string, Set<number>>()
  for (const { key, partition } of keyed) {
    const name = key.toString('latin1')
    found.set(name, (found.get(name) ?? new Set()).add(partition))
  }
  return found
}

function firstApart(a: Verdict, b: Verdict): string | undefined {
  if (a.partitions !== b.partitions) return undefined
  const there = places(b)
  for (const { key, partition } of a.keyed) {
    const others = there.get(key.toString('latin1')) ?? []
    const other = [...others].find((place) => place !== partition)
    if (other === undefined) continue
    return `the key ${JSON.stringify(key.toString())} is on partition ${partition} of ${a.topic} and on ${other} of ${b.topic}: they do not meet`
  }
  return undefined
}

function sharedKeys(a: Verdict, b: Verdict): number {
  const there = places(b)
  return [...places(a).keys()].filter((key) => there.has(key)).length
}
