/** On what, and of what, a figure was taken. */
import { execFileSync } from 'node:child_process'
import { cpus, totalmem } from 'node:os'
import { type BenchKafka, kafkaVersion } from './kafka.ts'

function commit(): string {
  try {
    const git = (...args: string[]): string => execFileSync('git', args).toString().trim()
    const changed = git('status', '--porcelain') === '' ? '' : ' and uncommitted changes'
    return git('rev-parse', '--short', 'HEAD') + changed
  } catch {
    return 'unknown'
  }
}

/** The lines above every bench's figures. */
export function printHeader(title: string, kafka?: BenchKafka): void {
  const [{ model }] = cpus()
  const memory = `${Math.round(totalmem() / 2 ** 30)} GiB`
  const broker = kafka === undefined ? [] : [`Kafka ${kafkaVersion(kafka)}`]
  console.log(`\n${title}`)
  console.log(`  ${model.trim()}, ${cpus().length} cores, ${memory}`)
  console.log(`  ${[`Node ${process.version}`, ...broker, `commit ${commit()}`].join(', ')}`)
}
