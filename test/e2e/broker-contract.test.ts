/** A real Kafka, by way of src/broker/client.ts, keeps the port's contract. */
import { setTimeout as sleep } from 'node:timers/promises'
import { keepsTheContract } from '../broker/contract.ts'
import { testBroker } from '../support/kafka.ts'
import { connect } from '../support/topics.ts'

keepsTheContract(async () => {
  const address = await testBroker()
  return { client: () => connect(address), elapse: async (ms) => sleep(ms) }
})
