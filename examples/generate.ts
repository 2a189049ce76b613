import { parseArgs } from 'node:util'
import { loadPipeline } from '../src/config/load.ts'
import { endWithoutKafka } from '../test/support/kafka.ts'
import { connect, PlainProducer } from '../test/support/topics.ts'
import { Feed } from './feed.ts'
import type { Source } from './source.ts'

const EXAMPLES = ['orders', 'ads', 'sensors', 'enrich', 'catalog', 'expressions', 'trips']
const HELP = `node examples/generate.mjs EXAMPLE [options]

  EXAMPLE          ${EXAMPLES.join(', ')}
  --rate N         facts a second (1000)
  --seconds N      how long they come (10); what belongs to the last ones comes after that
  --partitions N   of topics that do not exist yet (4)

Topics are those of examples/EXAMPLE/pipeline.yaml, on the broker in KAFKA_BROKERS (localhost:9092).
`

const number = { type: 'string' } as const
const { values, positionals } = parseArgs({
  options: { rate: number, seconds: number, partitions: number, help: { type: 'boolean' } },
  allowPositionals: true,
})
const [example] = positionals
const [rate, seconds, partitions] = [
  values.rate ?? 1000,
  values.seconds ?? 10,
  values.partitions ?? 4,
].map(Number)
const isSound = [rate, seconds, partitions].every((n) => Number.isInteger(n) && n > 0)
if (values.help || positionals.length !== 1 || !EXAMPLES.includes(example) || !isSound) {
  process.stderr.write(HELP)
  process.exit(values.help ? 0 : 2)
}

const { source } = (await import(`./${example}/source.ts`)) as { source: Source }
const pipeline = loadPipeline(`examples/${example}/pipeline.yaml`, process.env)
const address = pipeline.kafka.brokers.join(',')
const broker = await connect(address).catch(endWithoutKafka)
const producer = new PlainProducer(address)
try {
  const feed = await Feed.open(pipeline, source, broker, producer, partitions)
  console.log(`${await feed.sendRows()} dimension rows written; ${rate} facts a second begin`)
  await feed.run({ rate, facts: rate * seconds })
  console.log(`${rate * seconds} facts sent to ${pipeline.facts.topic}`)
} finally {
  await producer.close()
  await broker.close()
}
