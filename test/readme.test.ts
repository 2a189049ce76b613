/** The README is true: what is in it is in the code, and the other way round. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { createApp } from '../src/ops/http.ts'
import { HEAD, keysTable } from './config/keys-table.ts'
import { parts } from './ops/parts.ts'
import { aclTable } from './support/acls.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

test('the README lists every key of the pipeline file, as the definition has it', () => {
  const isThere = readme.includes(`${HEAD}${keysTable()}\n\n`)
  assert.ok(isThere, 'The table is another one: npm run monitoring')
})

test('the README lists the rights that the end-to-end test has', () => {
  assert.ok(readme.includes(`\n\n${aclTable()}\n`), aclTable())
})

test('the README names every path of the HTTP API', async () => {
  const app = await createApp(parts({ token: 'any' }))
  const { paths } = (await app.inject('/openapi.json')).json()
  const missing = Object.keys(paths).filter((path) => !readme.includes(path))
  assert.deepEqual(missing, [])
})

test('every file and folder that the README links is there', () => {
  const links = [...readme.matchAll(/\]\(([^)#]+)\)/g)].map(([, link]) => link)
  const missing = links.filter((link) => !/^https?:/.test(link) && !existsSync(`${root}${link}`))
  assert.deepEqual(missing, [])
})

test('every heading that a link names by its anchor is there', () => {
  const anchorOf = (heading: string): string =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-')
  const links = [...readme.matchAll(/\]\(([^)#:]*)#([^)]+)\)/g)]
  assert.ok(links.length > 0)
  for (const [, file, anchor] of links) {
    const text = file === '' ? readme : readFileSync(`${root}${file}`, 'utf8')
    const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => anchorOf(heading))
    assert.ok(anchors.includes(anchor), `${file}#${anchor}`)
  }
})

test('every npm command in the README is a script of the package', () => {
  const { scripts } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'))
  const used = [...readme.matchAll(/npm (?:run )?([a-z-]+)/g)].map(([, name]) => name)
  const known = [...Object.keys(scripts), 'ci', 'test', 'install']
  assert.deepEqual(
    used.filter((name) => !known.includes(name)),
    [],
  )
})

test('the README’s source map has a line for every folder and file directly under src', () => {
  const names = readdirSync(`${root}src`)
  assert.deepEqual(
    names.filter((name) => !readme.includes(`src/${name}`)),
    [],
  )
})
