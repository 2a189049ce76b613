/** The service as it was at a commit, to be measured beside the one of the working tree. */
import { execFileSync } from 'node:child_process'
import { symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { outputOf, temporaryFolder } from './process.ts'

const INSTALLED = fileURLToPath(new URL('../node_modules', import.meta.url))
const BUILD_SECONDS = 120

/** Builds it with what is installed now. @returns its folder, which goes with this process */
export async function buildAsOf(commit: string): Promise<string> {
  const folder = temporaryFolder()
  const archive = execFileSync('git', ['archive', commit], { maxBuffer: 2 ** 28 })
  execFileSync('tar', ['-x', '-C', folder], { input: archive })
  symlinkSync(INSTALLED, join(folder, 'node_modules'))
  await outputOf('npm', ['run', '--silent', 'build'], BUILD_SECONDS, { folder })
  return folder
}
