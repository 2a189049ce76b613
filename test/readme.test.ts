/** The README is true: what is in it is in the code, and the other way round. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { pipelineSchema } from '../src/config/schema.ts'
import { createApp } from '../src/ops/http.ts'
import { parts } from './ops/parts.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const readme = readFileSync(`${root}README.md`, 'utf8')

interface Schema {
  readonly type?: string | readonly string[]
  readonly description?: string
  readonly default?: unknown
  readonly enum?: readonly unknown[]
  readonly properties?: Record<string, Schema>
  readonly additionalProperties?: boolean | Schema
  readonly required?: readonly string[]
  readonly anyOf?: readonly Schema[]
}

const oneOf = (values: readonly unknown[]): string =>
  ` One of ${[...new Set(values.map((value) => `\`${value}\``))].join(', ')}.`

/** A line of the README's table for every key of a pipeline file. */
function rows(schema: Schema, path: string): string[] {
  const { properties = {}, required = [] } = schema
  return Object.entries(properties).flatMap(([key, value]) => {
    const name = path === '' ? key : `${path}.${key}`
    const named = value.additionalProperties
    if (typeof named === 'object') return rows(named, `${name}.*`)
    if (value.properties !== undefined) return rows(value, name)
    const fallback = value.default === undefined ? '' : `\`${JSON.stringify(value.default)}\``
    const values = value.enum === undefined ? '' : oneOf(value.enum)
    const must = required.includes(key) ? 'required' : fallback.replaceAll('"', '')
    return [`| \`${name}\` | ${must} | ${value.description}${values} |`]
  })
}

test('the README lists every key of the pipeline file, as the definition has it', () => {
  const table = rows(pipelineSchema as unknown as Schema, '').join('\n')
  assert.ok(readme.includes(table), `The table has to be:\n${table}`)
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
