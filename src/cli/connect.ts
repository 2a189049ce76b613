import { createBroker } from '../broker/client.ts'
import type { Broker } from '../broker/port.ts'
import type { KafkaConfig } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import { quietLog } from './terminal.ts'

/** Whoever waits is told why after this long, */
const SAY_MS = 3000
/** and that nothing comes of it after this long: what takes a connection and says nothing is no broker. */
const PATIENCE_MS = 12_000

/** Work with a connected broker, which is left afterwards. Throws what `Broker.connect` does. */
export async function withBroker<T>(
  config: KafkaConfig,
  work: (broker: Broker) => Promise<T>,
  patienceMs = PATIENCE_MS,
): Promise<T> {
  const broker = createBroker(config, quietLog)
  await inTime(config, broker, patienceMs)
  try {
    return await work(broker)
  } finally {
    await broker.close()
  }
}

async function inTime({ brokers }: KafkaConfig, broker: Broker, patienceMs: number): Promise<void> {
  const named = brokers.join(', ')
  const say = setTimeout(() => {
    process.stderr.write(`Waiting for an answer of the broker at ${named} …\n`)
  }, SAY_MS)
  let end: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    end = setTimeout(() => {
      const message = `No Kafka broker answers at ${named} within ${patienceMs / 1000} s; check kafka.brokers, and whether it is Kafka that listens there`
      reject(new EnricherError('BROKER_UNREACHABLE', message))
    }, patienceMs)
  })
  try {
    const connecting = broker.connect()
    connecting.catch(() => {})
    await Promise.race([connecting, late])
  } catch (error) {
    // Not waited for: it ends when the last request is given up, half a minute later.
    broker.close().catch(() => {})
    throw error
  } finally {
    clearTimeout(say)
    clearTimeout(end)
  }
}
