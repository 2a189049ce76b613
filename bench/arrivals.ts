/** When outputs reach a read_committed reader, by partition. */
import type { Broker, Reader } from '../src/broker/port.ts'

export class Arrivals {
  /** Unix ms, ascending, by partition. */
  readonly #times: number[][]
  #reader: Reader | undefined

  private constructor(partitions: number) {
    this.#times = Array.from({ length: partitions }, () => [])
  }

  static async of(broker: Broker, topic: string, partitions: number): Promise<Arrivals> {
    const arrivals = new Arrivals(partitions)
    const reader = broker.reader(
      { maxBytesPerPartition: 1 << 20, maxBytes: 16 << 20, minBytes: 1, maxWaitMs: 100 },
      {
        onFetched: ({ partition, columns }) => {
          if (columns.length > 0) arrivals.#times[partition].push(Date.now())
          columns.release?.()
        },
        onError: (_partition, error) => {
          throw error
        },
      },
    )
    for (let partition = 0; partition < partitions; partition++) {
      reader.add({ topic, partition }, 0)
    }
    arrivals.#reader = reader
    return arrivals
  }

  /** The longest time without an output between `from` and `to` (Unix ms), of each partition. */
  pauses(from: number, to: number): number[] {
    return this.#times.map((times) => {
      const before = times.findLast((time) => time <= from) ?? from
      const within = [before, ...times.filter((time) => time > from && time < to), to]
      return Math.max(...within.slice(1).map((time, i) => time - within[i]))
    })
  }

  /** Unix ms. Infinity: nothing has come since. */
  firstAfter(partition: number, from: number): number {
    return this.#times[partition].find((time) => time > from) ?? Number.POSITIVE_INFINITY
  }

  close(): Promise<void> {
    return this.#reader!.close()
  }
}
