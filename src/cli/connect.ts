import { createBroker } from '../broker/client.ts'
import type { Broker } from '../broker/port.ts'
import type { KafkaConfig } from '../config/pipeline.ts'
import { quietLog } from './terminal.ts'

/** Work with a connected broker, which is left afterwards. Throws what `Broker.connect` does. */
export async function withBroker<T>(
  config: KafkaConfig,
  work: (broker: Broker) => Promise<T>,
): Promise<T> {
  const broker = createBroker(config, quietLog)
  try {
    await broker.connect()
    return await work(broker)
  } finally {
    await broker.close()
  }
}
