/** What the pipeline file's definition says of the value at a path. */
import { pipelineSchema } from './schema.ts'

/** The JSON Schema keywords of it that are read here and in `settings.ts`. */
export interface Definition {
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly default?: unknown
  readonly writeOnly?: boolean
  readonly properties?: Readonly<Record<string, Definition>>
  readonly additionalProperties?: boolean | Definition
  readonly items?: Definition
  readonly anyOf?: readonly Definition[]
}

/** A list's entries have no names: this stands for each. */
export const ENTRY = Symbol('entry of a list')

export const definition = pipelineSchema as unknown as Definition

/** All that the value may be; nothing for a key that is not known. */
function definitionsAt(path: readonly (string | symbol)[], of = definition): Definition[] {
  const forms = [of, ...(of.anyOf ?? [])]
  const [key, ...rest] = path
  if (key === undefined) return forms
  return forms.flatMap((form) => {
    const below = childOf(form, key)
    return below === undefined ? [] : definitionsAt(rest, below)
  })
}

function childOf(form: Definition, key: string | symbol): Definition | undefined {
  const { properties = {}, additionalProperties: each, items } = form
  if (typeof key === 'symbol') return items
  if (Object.hasOwn(properties, key)) return properties[key]
  return typeof each === 'object' ? each : undefined
}

export const isSecret = (path: readonly string[]): boolean =>
  definitionsAt(path).some(({ writeOnly }) => writeOnly === true)

/** Whether the value may be text, as well as something else or not. */
export const mayBeText = (path: readonly (string | symbol)[]): boolean =>
  definitionsAt(path).some(
    ({ type = [], enum: values = [] }) =>
      [type].flat().includes('string') || values.some((value) => typeof value === 'string'),
  )
