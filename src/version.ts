import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'

/** Of the package. */
export const { version: VERSION } = createRequire(import.meta.url)('../package.json') as {
  version: string
}

/** The commit that the image was built from: its build argument; in a checkout the one that is checked out; empty elsewhere. */
export const REVISION =
  process.env.REVISION ?? checkedOut(fileURLToPath(new URL('../.git', import.meta.url)))

/** The commit of a `.git` folder, in short; empty where it cannot be told. */
export function checkedOut(folder: string): string {
  try {
    const [, ref] = /^ref: (\S+)/.exec(readFileSync(`${folder}/HEAD`, 'utf8')) ?? []
    const commit = ref === undefined ? readFileSync(`${folder}/HEAD`, 'utf8') : at(folder, ref)
    return /^[0-9a-f]{40}/.test(commit) ? commit.slice(0, 7) : ''
  } catch {
    return ''
  }
}

function at(folder: string, ref: string): string {
  if (existsSync(`${folder}/${ref}`)) return readFileSync(`${folder}/${ref}`, 'utf8')
  const lines = readFileSync(`${folder}/packed-refs`, 'utf8').split('\n')
  return lines.find((line) => line.endsWith(` ${ref}`)) ?? ''
}
