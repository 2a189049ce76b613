/** What rows are as of a time, by the definition: a list that is searched from end to end. */

export interface NaiveVersion {
  readonly key: string
  /** In ms. */
  readonly time: number
  readonly partition: number
  /** null: the key is deleted. */
  readonly row: string | null
}

export class NaiveVersions {
  /** In the order in which they came. */
  readonly all: NaiveVersion[] = []
  readonly historyMs: number

  constructor(historyMs = Number.POSITIVE_INFINITY) {
    this.historyMs = historyMs
  }

  put(version: NaiveVersion): void {
    this.all.push(version)
  }

  /** What has ended before it is not found any more. */
  get edge(): number {
    return Math.max(...this.all.map(({ time }) => time)) - this.historyMs
  }

  /** The key's, in the order of time, then of partitions, then of offsets; of those that are alike in the first two the last. */
  ofKey(key: string): NaiveVersion[] {
    const own = this.all.filter((version) => version.key === key)
    own.sort((a, b) => a.time - b.time || a.partition - b.partition)
    return own.filter(
      ({ time, partition }, i) => own[i + 1]?.time !== time || own[i + 1].partition !== partition,
    )
  }

  /** null: the key has no row then. */
  rowAt(key: string, time: number): string | null {
    const own = this.ofKey(key)
    const i = own.findLastIndex((version) => version.time <= time)
    const end = own[i + 1]?.time ?? Number.POSITIVE_INFINITY
    return i < 0 || end < this.edge ? null : own[i].row
  }
}
