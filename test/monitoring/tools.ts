/** Prometheus and its promtool, where the machine has them. */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { needs } from '../support/needs.ts'

/** For a test's `skip`: false, or why. */
export const withoutPrometheus = needs('prometheus').skip

/** Runs promtool; throws with what it said where it is not content. */
export function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  const said = stdout + stderr
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}: ${status}\n${said}`)
  return said
}

/** Names and labels of series → values, in promtool's notation. */
export type Series = Readonly<Record<string, string>>

const MINUTES = { m: 1, h: 60, d: 1440 }
const minutes = (time: string): number =>
  Number.parseInt(time, 10) * MINUTES[time.at(-1) as keyof typeof MINUTES]

/** Between two evaluations: days of minutes would take minutes. */
function stepTo(time: string): string {
  if (minutes(time) > 6000) return '30m'
  return minutes(time) > 600 ? '5m' : '1m'
}

/** What promtool says of tests of a rules file, the last of which looks at this time. */
export function testRules(rules: string, tests: readonly object[], until: string): string {
  const evaluation_interval = stepTo(until)
  const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-rules-'))
  try {
    const file = join(folder, 'test.yaml')
    writeFileSync(file, stringify({ rule_files: [rules], evaluation_interval, tests }))
    return promtool(['test', 'rules', file])
  } finally {
    rmSync(folder, { recursive: true })
  }
}

/** Series for a test, with a value each interval. */
export const input = (series: Series, interval: string) => ({
  interval,
  input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
})
