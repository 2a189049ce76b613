import { endWithoutKafka, startKafka } from '../test/support/kafka.ts'
import { startRegistry } from '../test/support/registry.ts'

const port = Number(process.env.KAFKA_PORT ?? 9092)
const registryPort = Number(process.env.REGISTRY_PORT ?? 8081)

const kafka = await startKafka(
  { 'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,LOCAL:PLAINTEXT' },
  [`LOCAL://127.0.0.1:${port}`],
).catch(endWithoutKafka)
const registry = await startRegistry(registryPort)
console.log(`Kafka at localhost:${port}, registry at ${registry.url}; Ctrl-C ends both`)
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await Promise.all([registry.stop(), kafka.stop()])
    process.exit(0)
  })
}
