/** Reads the output as it comes, as a read_committed consumer does, and takes each record's latency. */
import type { Broker, Fetched, Reader } from '../../src/broker/port.ts'

export interface Reading {
  readonly records: number
  /** Milliseconds from the later of the two records' times to the output's arrival here. */
  readonly p50: number
  readonly p99: number
}

export class Probe {
  #reader: Reader | undefined
  #latencies: number[] = []

  static async start(broker: Broker, topic: string): Promise<Probe> {
    const probe = new Probe()
    const ends = await broker.admin.offsets(topic, 'stable')
    const reader = broker.reader(
      { maxBytesPerPartition: 4 << 20, maxBytes: 16 << 20, minBytes: 1, maxWaitMs: 100 },
      {
        onFetched: (fetched) => probe.#take(fetched),
        onError: (_partition, error) => {
          throw error
        },
      },
    )
    for (const [partition, end] of ends) reader.add({ topic, partition }, end)
    probe.#reader = reader
    return probe
  }

  /** Since the last call. NaN where nothing came. */
  take(): Reading {
    const latencies = this.#latencies.sort((a, b) => a - b)
    this.#latencies = []
    const at = (share: number): number =>
      latencies[Math.floor(latencies.length * share)] ?? Number.NaN
    return { records: latencies.length, p50: at(0.5), p99: at(0.99) }
  }

  async close(): Promise<void> {
    await this.#reader?.close()
  }

  #take({ columns }: Fetched): void {
    const now = Date.now()
    for (let i = 0; i < columns.length; i++) this.#latencies.push(now - columns.timestamps[i])
  }
}
