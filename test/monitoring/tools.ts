/** Prometheus and its promtool, where the machine has them (Debian's package `prometheus`). */
import { spawnSync } from 'node:child_process'

const there = (command: string): boolean =>
  spawnSync(command, ['--version'], { stdio: 'ignore' }).status === 0

/** For a test's `skip`: false, or why. */
export const withoutPrometheus: false | string =
  there('promtool') && there('prometheus')
    ? false
    : 'Prometheus is not installed here (Debian: apt-get install prometheus)'

/** Runs promtool; throws with what it said where it is not content. */
export function promtool(args: readonly string[], input = ''): string {
  const { status, stdout, stderr } = spawnSync('promtool', args, { input, encoding: 'utf8' })
  const said = stdout + stderr
  if (status !== 0) throw new Error(`promtool ${args.join(' ')}: ${status}\n${said}`)
  return said
}
