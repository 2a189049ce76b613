/** Where a registry's answers are, by its type. */
import type { RegistryConfig } from '../../../config/pipeline.ts'
import type { SchemaId } from '../../frame/schema-id.ts'

const CCOMPAT = '/apis/ccompat/v7'
/** Apicurio's own API: that of releases 3.x, and that of 2.x, which these have no more. */
const NATIVE = ['/apis/registry/v3', '/apis/registry/v2'] as const

/** What not every release of a registry has: GUIDs are looked up by Confluent's from 8.0 on. */
export const isOptional = (path: string): boolean =>
  isNative(path) || path.startsWith('/schemas/guids/') || path.startsWith('/config')

/** Whether the path is of Apicurio's own API, which answers with a schema's text alone. */
export const isNative = (path: string): boolean => NATIVE.some((api) => path.startsWith(api))

/** @param path of Confluent's API, or of Apicurio's own */
export function addressOf(
  { type, url }: Pick<RegistryConfig, 'type' | 'url'>,
  path: string,
): string {
  const base = url.replace(/\/+$/, '')
  if (type === 'confluent') return base + path
  const root = base.replace(/\/apis(\/.*)?$/, '')
  if (isNative(path)) return root + path
  return (base.includes('/apis/ccompat/') ? base : root + CCOMPAT) + path
}

/** Where the schema is: at one of these paths, of which the first that the registry has counts. */
export function schemaPaths(id: SchemaId): readonly string[] {
  if (typeof id === 'number') return [`/schemas/ids/${id}`]
  const [kind, value] = [id.slice(0, id.lastIndexOf(' ')), id.slice(id.lastIndexOf(' ') + 1)]
  if (kind === 'GUID') return [`/schemas/guids/${value}`]
  const [v3, v2] = NATIVE
  return [
    `${v3}/ids/globalIds/${value}?references=DEREFERENCE`,
    `${v2}/ids/globalIds/${value}?dereference=true`,
  ]
}
