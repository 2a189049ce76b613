/**
 * The tests that share a broker, or those of them that are named, on brokers of other versions of Kafka: the oldest that is
 * supported, the last with ZooKeeper, the newest. Ends with 1 where one fails. Build first.
 *
 *     npm run test:brokers -- [--kafka 2.5.1 --kafka 3.9.1 --kafka 4.4.0] [FILE …]
 */
import { spawnSync } from 'node:child_process'
import { parseArgs } from 'node:util'
import { startVersion } from './broker.ts'

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { kafka: { type: 'string', multiple: true } },
})
const versions = values.kafka ?? ['2.5.1', '3.9.1', '4.4.0']
/** What goes on between us and a broker: requests of every kind, transactions, groups, records. */
const NAMES = [
  ...['producer', 'exactly-once', 'compression', 'rejects', 'rolling', 'repartition', 'settings'],
]
/** They ask what brokers have had by 4.0: ids of topics, a limit of an hour on times ahead, the state of a transaction. */
const NEWER = ['broker-contract', 'former-members']

function filesFor(version: string): string[] {
  if (positionals.length > 0) return positionals
  const names = Number(version.split('.', 1)[0]) >= 4 ? [...NAMES, ...NEWER] : NAMES
  return names.map((name) => `test/e2e/${name}.test.ts`)
}

for (const version of versions) {
  process.stdout.write(`\nKafka ${version}\n`)
  const kafka = await startVersion(version)
  const { status } = spawnSync(
    process.execPath,
    ['--import', 'tsx', 'test/support/with-broker.ts', ...filesFor(version)],
    { stdio: 'inherit', env: { ...process.env, TEST_BROKER: kafka.address } },
  )
  if (status !== 0) process.exitCode = 1
  await kafka.stop()
}
