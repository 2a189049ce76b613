/** Catch-up without a join: what a fact costs that only gets its rows, beside the same facts joined. */
import { type CatchUp, catchUpOurs, catchUpStreams, enriched } from './catch-up.ts'
import { type Contestant, contest } from './contest.ts'
import { buildFloor, catchUpFloor } from './floor.ts'
import { type BenchKafka, withKafka } from './kafka.ts'
import { checkOutput, type Loaded, loadOrders } from './kafka-streams.ts'
import { printHeader } from './machine.ts'
import { readOptions } from './options.ts'
import { flagsOf, SERVICE_FLAGS } from './process.ts'

const USAGE = `npm run bench -- enrich [options]

  --orders N        facts in the topics (1000000); as many payments, but for 2 %
  --runs N          runs of each (3)
  --flags "..."     V8 flags of the service (${SERVICE_FLAGS.join(' ')})
  --peer            Kafka Streams, KStream ⋈ two GlobalKTables, and librdkafka's floor take turns with the service`

const options = readOptions(USAGE, {
  orders: 1_000_000,
  runs: 3,
  flags: SERVICE_FLAGS.join(' '),
  peer: false,
})

const PIPELINE = 'bench/enrich/pipeline.yaml'

async function contestants(kafka: BenchKafka, loaded: Loaded): Promise<Contestant[]> {
  const flags = flagsOf(options.flags)
  const list: Contestant[] = [
    {
      title: 'without a join',
      run: () => catchUpOurs(kafka, loaded, { flags, pipeline: PIPELINE }, enriched(loaded)),
    },
    { title: 'joined', run: () => catchUpOurs(kafka, loaded, { flags }) },
  ]
  if (!options.peer) return list
  const run = (): Promise<CatchUp> => catchUpStreams(kafka, loaded, enriched(loaded))
  list.push({ title: 'Kafka Streams, without a join', run })
  if (await buildFloor()) {
    list.push({
      title: 'librdkafka floor',
      run: () => catchUpFloor(kafka, loaded, enriched(loaded)),
    })
  }
  return list
}

await withKafka(async (kafka) => {
  printHeader('Catch-up without a join', kafka)
  const loaded = await loadOrders(kafka, options.orders)
  await contest(kafka, await contestants(kafka, loaded), {
    ...options,
    check: (output) => checkOutput(kafka, output, options.orders, ['--enrich']),
  })
})
