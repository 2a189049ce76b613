/** A pipeline file's settings as they count, with where each comes from and without its secrets. */
import { Document, isCollection, isMap, isScalar, LineCounter, parseDocument } from 'yaml'
import { type Definition, definition } from './definition.ts'
import type { Pipeline } from './pipeline.ts'
import { redacted } from './redact.ts'
import { REFERENCE, substitute } from './substitute.ts'

export interface Setting {
  readonly path: readonly string[]
  readonly value: unknown
  /** `line 3`, `line 3, environment KAFKA_BROKERS`, `default`. */
  readonly source: string
}

/** @param text of a file that `loadPipeline` has accepted */
export function fileSettings(text: string, env: NodeJS.ProcessEnv): Setting[] {
  const lines = new LineCounter()
  const written = parseDocument(text, { lineCounter: lines })
  const filled = parseDocument(text)
  substitute(filled, env, () => {})
  return leaves(written.contents, []).map((path) => {
    const node = written.getIn(path, true)
    const offset = (isScalar(node) || isCollection(node) ? node.range?.[0] : undefined) ?? 0
    const value = filled.getIn(path)
    const plain = isCollection(value) ? value.toJS(filled) : value
    const where = `line ${lines.linePos(offset).line}`
    const from = isScalar(node) ? [where, ...references(String(node.value), env)] : [where]
    return { path, value: redacted(plain, path), source: from.join(', ') }
  })
}

/** The settings that the file leaves out, as they are then. */
export function defaultSettings(pipeline: Pipeline, given: readonly Setting[]): Setting[] {
  const { dimensions, joins, outputs } = pipeline
  const names: Names = {
    dimensions: dimensions.map(({ name }) => name),
    joins: joins.filter(({ path }) => path[0] === 'joins').map(({ name }) => name),
    outputs: outputs.filter(({ path }) => path[0] === 'outputs').map(({ path }) => path[1]),
  }
  const derived: Setting[] = [
    {
      path: pipeline.output.path.concat('rejects'),
      value: pipeline.output.rejects,
      source: 'default: the output’s topic and .rejects',
    },
    ...joins.map(({ path, idleMs }) => ({
      path: [...path, 'idle'],
      value: `${idleMs}ms`,
      source: 'default: window + grace',
    })),
    { path: ['kafka', 'instanceId'], value: null, source: 'default: a random one' },
  ]
  const fromSchema = defaultsOf(definition, [], names).filter(
    ({ path: [section] }) =>
      (section !== 'join' || joins.some((join) => join.path[0] === 'join')) &&
      (section !== 'output' || names.outputs.length === 0),
  )
  return [...fromSchema, ...derived].filter(
    ({ path }) => !given.some((setting) => isWithin(path, setting.path)),
  )
}

/** Of the sections whose keys the file chooses. */
type Names = Readonly<Record<string, readonly string[]>>

/** Sections that are there only if the file has them. */
const OPTIONAL = ['registry', 'registry.tls', 'kafka.tls', 'kafka.sasl']

function defaultsOf(schema: Definition, path: readonly string[], names: Names): Setting[] {
  if (OPTIONAL.includes(path.join('.'))) return []
  const { properties = {}, additionalProperties: each } = schema
  if (typeof each === 'object') {
    return (names[path[0]] ?? []).flatMap((name) => defaultsOf(each, [...path, name], names))
  }
  const below = Object.entries(properties).flatMap(([key, value]) =>
    defaultsOf(value, [...path, key], names),
  )
  if (schema.default === undefined) return below
  return [{ path, value: schema.default, source: 'default' }]
}

/** Whether what is at `path` is set by a setting at `set`: itself, or a part of it. */
const isWithin = (path: readonly string[], set: readonly string[]): boolean =>
  path.every((key, i) => key === set[i])

/** A YAML document of settings, in the order of the definition, each with its source behind it. */
export function settingsText(settings: readonly Setting[]): string {
  const document = new Document({})
  const order = Object.keys(definition.properties ?? {})
  const rank = ({ path }: Setting): number => order.indexOf(path[0])
  for (const { path, value, source } of [...settings].sort((a, b) => rank(a) - rank(b))) {
    const node = document.createNode(value, { flow: true })
    node.comment = ` ${source}`
    document.setIn(path, node)
  }
  return document.toString({ lineWidth: 0 })
}

/** The paths of all values; a list is one value. */
function leaves(node: unknown, path: readonly string[]): string[][] {
  if (!isMap(node) || node.items.length === 0) return [[...path]]
  return node.items.flatMap(({ key, value }) =>
    leaves(value, [...path, isScalar(key) ? String(key.value) : String(key)]),
  )
}

function references(text: string, env: NodeJS.ProcessEnv): string[] {
  return [...text.matchAll(REFERENCE)].map(([, file, name, operator]) => {
    if (file !== undefined) return `file ${file}`
    const isSet = env[name] !== undefined && (env[name] !== '' || operator === undefined)
    return isSet ? `environment ${name}` : `default of \${${name}}, which is not set`
  })
}
