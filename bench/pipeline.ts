/** Catch-up: what a fact costs when the topics are full already. */
import { buildAsOf } from './as-of.ts'
import { catchUpOurs, catchUpStreams } from './catch-up.ts'
import { type Contestant, contest } from './contest.ts'
import { buildFloor, catchUpFloor } from './floor.ts'
import { type BenchKafka, withKafka } from './kafka.ts'
import { checkOutput, type Loaded, loadOrders } from './kafka-streams.ts'
import { printHeader } from './machine.ts'
import { readOptions } from './options.ts'
import { flagsOf, ROOT, SERVICE_FLAGS } from './process.ts'

const USAGE = `npm run bench -- pipeline [options]

  --orders N        facts in the topics (1000000); as many payments, but for 2 %
  --runs N          runs of each (3)
  --flags "..."     V8 flags of the service (${SERVICE_FLAGS.join(' ')})
  --peer            Kafka Streams and librdkafka's floor take turns with the service
  --against COMMIT  so does the service as of a commit, with the same flags`

const options = readOptions(USAGE, {
  orders: 1_000_000,
  runs: 3,
  flags: SERVICE_FLAGS.join(' '),
  peer: false,
  against: '',
})

async function contestants(kafka: BenchKafka, loaded: Loaded): Promise<Contestant[]> {
  const flags = flagsOf(options.flags)
  const ours = (title: string, folder = ROOT): Contestant => ({
    title,
    run: () => catchUpOurs(kafka, loaded, { flags, folder }),
  })
  const list = [ours('stream-enricher')]
  if (options.against) list.push(ours(options.against, await buildAsOf(options.against)))
  if (!options.peer) return list
  list.push({ title: 'Kafka Streams', run: () => catchUpStreams(kafka, loaded) })
  if (await buildFloor()) {
    list.push({ title: 'librdkafka floor', run: () => catchUpFloor(kafka, loaded) })
  }
  return list
}

await withKafka(async (kafka) => {
  printHeader('Catch-up', kafka)
  const loaded = await loadOrders(kafka, options.orders)
  await contest(kafka, await contestants(kafka, loaded), {
    ...options,
    check: (output) => checkOutput(kafka, output, options.orders),
  })
})
