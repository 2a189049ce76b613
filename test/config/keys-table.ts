/** The table of the pipeline file's keys, as docs/pipeline-file.md has it. */
import { pipelineSchema } from '../../src/config/schema.ts'

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

/** A line of the table for every key of a pipeline file. */
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

export const KEYS_FILE = 'docs/pipeline-file.md'
export const HEAD = '| key | default | meaning |\n| --- | --- | --- |\n'

export const keysTable = (): string => rows(pipelineSchema as unknown as Schema, '').join('\n')
