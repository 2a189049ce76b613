import { isSecret } from './definition.ts'

const REDACTED = '<redacted>'

/**
 * A pipeline, or a value of its file, as it may be shown: without passwords, private keys and tokens, which are
 * the keys that the definition calls `writeOnly`. That there is none may be seen. No address has credentials: the
 * definition refuses them.
 */
export function redacted<T>(value: T, path: readonly string[] = []): T {
  return hidden(value, path) as T
}

function hidden(value: unknown, path: readonly string[]): unknown {
  if (isSecret(path)) return value ? REDACTED : value
  if (Array.isArray(value) || typeof value !== 'object' || value === null) return value
  const shown = Object.entries(value).map(([key, part]) => [key, hidden(part, [...path, key])])
  return Object.fromEntries(shown)
}
