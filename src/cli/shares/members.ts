/** What JSON objects without a schema have that a key may be: of all records of a sample text, whole numbers or null. */
import { behindFrame } from '../../codec/keys/json.ts'

const DEEPEST = 4

/** Paths. */
export function scalarMembers(values: readonly (Buffer | null)[]): string[] {
  const found = new Map<string, boolean>()
  for (const value of values) {
    const object = value && objectOf(value)
    if (object) collect(object, '', 1, found)
  }
  return [...found].filter(([, isScalar]) => isScalar).map(([path]) => path)
}

function objectOf(value: Buffer): object | null {
  try {
    const text = value.toString('utf8', behindFrame(value, 0, value.length))
    const read: unknown = JSON.parse(text)
    return typeof read === 'object' && !Array.isArray(read) ? read : null
  } catch {
    return null
  }
}

function collect(object: object, above: string, depth: number, found: Map<string, boolean>): void {
  for (const [name, value] of Object.entries(object)) {
    // What has a dot in its name can be named by no path.
    if (name.includes('.') || name === '') continue
    const path = `${above}${name}`
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value)
    const isScalar = value === null || typeof value === 'string' || Number.isInteger(value)
    found.set(path, isScalar && found.get(path) !== false)
    if (isObject && depth < DEEPEST) collect(value, `${path}.`, depth + 1, found)
  }
}
