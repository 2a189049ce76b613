/** The Kafka in memory keeps the port's contract. */
import { MemoryKafka } from '../support/memory-broker.ts'
import { keepsTheContract } from './contract.ts'

keepsTheContract(async () => {
  const kafka = new MemoryKafka()
  let clients = 0
  return {
    client: async () => kafka.client(`client-${++clients}`),
    elapse: async (ms) => kafka.advance(ms),
  }
})
