/** Installs what a fresh clone lacks. Plain JavaScript: it runs before anything is installed. */
import { spawnSync } from 'node:child_process'
import { existsSync, statSync } from 'node:fs'

/** Runs a command on this terminal; ends the process with its exit code where it fails. */
export function run(command, args, env = {}) {
  const result = spawnSync(command, args, { stdio: 'inherit', env: { ...process.env, ...env } })
  if (result.error) {
    console.error(`${command} cannot be started (${result.error.message})`)
    process.exit(1)
  }
  if (result.status !== 0) process.exit(result.status ?? 1)
}

/** `npm ci`, when there are no packages or the lockfile is newer than they are. */
export function install() {
  const marker = 'node_modules/.package-lock.json'
  if (existsSync(marker) && statSync(marker).mtimeMs >= statSync('package-lock.json').mtimeMs)
    return
  run('npm', ['ci', '--no-audit', '--no-fund'])
}
