/** The packages that a checkout installs: one version each, from any registry, on every Node that is supported. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

interface Locked {
  readonly version?: string
  readonly resolved?: string
  readonly engines?: { readonly node?: string }
  readonly dependencies?: Readonly<Record<string, string>>
}

const manifest = JSON.parse(readFileSync('package.json', 'utf8'))
const lock = readFileSync('package-lock.json', 'utf8')
const packages: Readonly<Record<string, Locked>> = JSON.parse(lock).packages

/** Whether a range of `engines` has some Node 20. */
const has20 = (range: string): boolean =>
  range.split('||').some((part) => {
    const [, operator, major] = /^\s*(\^|~|>=?)?\s*v?(\d+|\*|x)/.exec(part) ?? []
    if (major === '*' || major === 'x' || part.trim() === '') return true
    return operator?.startsWith('>') ? Number(major) <= 20 : Number(major) === 20
  })

test('every dependency is pinned to one version', () => {
  const { dependencies, devDependencies } = manifest
  const ranges = Object.entries({ ...dependencies, ...devDependencies }).filter(
    ([, version]) => !/^\d+\.\d+\.\d+$/.test(String(version)),
  )
  assert.deepEqual(ranges, [])
})

test('an install on Node 20 warns of no package’s engines', () => {
  const newer = Object.entries(packages)
    .filter(([, { engines }]) => engines?.node !== undefined && !has20(engines.node))
    .map(([name, { engines }]) => `${name} ${engines?.node}`)
  assert.deepEqual(newer, [])
})

test('the lockfile names no registry: who installs takes its own', () => {
  const named = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
  assert.deepEqual(named, [])
  assert.doesNotMatch(lock, /registry\./)
})

test('the override of cookie is there for as long as light-my-request asks for a newer one', () => {
  assert.match(packages['node_modules/light-my-request'].dependencies?.cookie ?? '', /^\^2/)
  assert.equal(
    packages['node_modules/cookie'].version,
    manifest.overrides['light-my-request'].cookie,
  )
})
