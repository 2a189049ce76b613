/** Where a JSON Schema's `$ref` and `allOf` lead to. */
import { isObject } from '../avro/default.ts'

export type Node = Readonly<Record<string, unknown>>

export interface Place {
  readonly node: Node
  /** The document that it is in. */
  readonly root: Node
  /** The name that a reference had for it. */
  readonly name?: string
  /** The schema that a reference has led to: what it is has one name, wherever it is named. */
  readonly target?: object
}

/** What a schema cannot be read for; goes on behind the property's name. */
export class SchemaFault extends Error {}

/** References to references, and no schema. */
const MOST_STEPS = 50

/** The schema itself, of a reference or of several that all have to be true. Throws SchemaFault. */
export function resolved(place: Place, references: ReadonlyMap<string, unknown>): Place {
  let found = place
  for (let step = 0; isObject(found.node) && typeof found.node.$ref === 'string'; step++) {
    if (step > MOST_STEPS) throw new SchemaFault('is a reference to itself')
    found = target(found.node.$ref, found.root, references)
  }
  return Array.isArray(found.node?.allOf) ? merged(found, references) : found
}

function target(ref: string, root: Node, references: ReadonlyMap<string, unknown>): Place {
  const [document, pointer = ''] = ref.split('#')
  const isOwn = document === '' || document === root.$id
  const from = isOwn ? root : (references.get(document) ?? references.get(ref))
  if (!isObject(from)) {
    throw new SchemaFault(
      `is of the schema ${ref}, which is in another document; put it in the same one, under $defs`,
    )
  }
  const steps = pointer.split('/').slice(1)
  const node = steps.reduce<unknown>((at, step) => Object(at)[unescaped(step)], from)
  if (!isObject(node) || (pointer !== '' && !pointer.startsWith('/'))) {
    throw new SchemaFault(`is of the schema ${ref}, which is not there`)
  }
  const name = steps.length === 0 ? {} : { name: unescaped(steps.at(-1)!) }
  return { node, root: from, target: node, ...name }
}

/** https://www.rfc-editor.org/rfc/rfc6901#section-6 */
const unescaped = (step: string): string =>
  decodeURIComponent(step).replaceAll('~1', '/').replaceAll('~0', '~')

/** One schema of all of them: generators write a reference so that has a description beside it, and what inherits. */
function merged(place: Place, references: ReadonlyMap<string, unknown>): Place {
  const { allOf, ...own } = place.node
  const parts = (allOf as Node[]).map((node) => resolved({ node, root: place.root }, references))
  if (parts.some(({ root }) => root !== place.root && parts.length > 1)) {
    throw new SchemaFault('has to be of several schemas that are in different documents')
  }
  const all = [...parts.map(({ node }) => node), own]
  const properties = Object.assign({}, ...all.map((node) => node.properties ?? {}))
  const required = all.flatMap((node) => (node.required ?? []) as string[])
  const node = Object.assign({}, ...all, { required }) as Node
  const [first] = parts
  const isPlain = parts.length === 1 && own.properties === undefined
  return {
    node: Object.keys(properties).length === 0 ? node : { ...node, properties },
    root: first?.root ?? place.root,
    target: isPlain ? (first.target ?? first.node) : (place.target ?? place.node),
    ...(first?.name !== undefined && isPlain ? { name: first.name } : {}),
  }
}
