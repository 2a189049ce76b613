import { parseArgs } from 'node:util'

type Value = number | string | boolean
type Widened<T> = {
  -readonly [K in keyof T]: T[K] extends number ? number : T[K] extends string ? string : boolean
}

/** `--flags "--a --b"` → `--flags=--a --b`: parseArgs takes a value that begins with a dash only so. */
export function joinFlags(args: readonly string[]): string[] {
  const at = args.indexOf('--flags')
  if (at < 0 || at === args.length - 1) return [...args]
  return [...args.slice(0, at), `--flags=${args[at + 1]}`, ...args.slice(at + 2)]
}

/** The command line's options, each of its default's type. Ends the process at `--help` and at a wrong option. */
export function readOptions<T extends Record<string, Value>>(
  usage: string,
  defaults: T,
): Widened<T> {
  try {
    const known: Record<string, { type: 'boolean' | 'string' }> = { help: { type: 'boolean' } }
    for (const [name, value] of Object.entries(defaults)) {
      known[name] = { type: typeof value === 'boolean' ? 'boolean' : 'string' }
    }
    const { values } = parseArgs({ args: joinFlags(process.argv.slice(2)), options: known })
    if (values.help) {
      console.log(usage)
      process.exit(0)
    }
    const read = Object.entries(defaults).map(([name, value]) => {
      const given = values[name]
      if (given === undefined || typeof value !== 'number') return [name, given ?? value]
      return [name, wholeNumber(name, String(given))]
    })
    return Object.fromEntries(read) as Widened<T>
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`)
    process.exit(2)
  }
}

export function wholeNumber(name: string, text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new Error(`--${name} must be a whole number above 0, not ${text}`)
}
