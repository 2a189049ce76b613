/** Looks for what facts look up among the keys that there are: as it is, written otherwise, or in another field of theirs. Pure. */
import type { KeyFormat } from '../../config/pipeline.ts'
import { fieldsOfKey, textIn } from './key-shapes.ts'
import { type Difference, differencesOf, essence } from './one-key.ts'
import type { Pair } from './rewriting.ts'

/** The keys that are kept, to see what they look like. */
const KEPT = 2000
/** So many keys are looked at in all formats: those of a topic are of one, as a rule. */
const MOST_FORMATS = 20_000
/** So many are looked at for keys that are written otherwise, and for other fields. */
const MOST_KEYS = 200_000

/** The same key, written otherwise. */
export interface Otherwise {
  /** The format that its bytes are of; null: the one that the file says. */
  readonly format: KeyFormat | null
  /** The field of a JSON object of several that has it; null: the key is one text. */
  readonly field: string | null
  readonly differences: readonly Difference[]
  /** What is looked up, and what the key has of it, each once. */
  readonly pairs: readonly Pair[]
  /** One of the keys, as it came. */
  readonly example: Buffer
}

/** Another field of the facts, whose texts are among the keys. */
export interface OtherField {
  readonly path: string
  /** Facts of which that is so. */
  readonly facts: number
}

interface Found {
  readonly otherwise: Omit<Otherwise, 'pairs'>
  readonly pairs: Map<string, Pair>
}

export interface Hunted {
  /** What the facts look up, each of a fact; null: there is nothing to look up. */
  readonly texts: readonly (string | null)[]
  /** As the file says it of the keys; null: they are texts already. */
  readonly keyFormat: KeyFormat | null
  /** The key is of several fields. */
  readonly isComposite: boolean
  /** Of each other field of the facts, by its path, the facts' texts. */
  readonly fields: ReadonlyMap<string, readonly (string | null)[]>
}

const FORMATS = ['text', 'json', 'long', 'int', 'avro', 'protobuf'] as const

export class KeyHunt {
  readonly #of: Hunted
  readonly #wanted: ReadonlySet<string | null>
  /** What is looked up, by what it has in common with all ways to write it. */
  readonly #essences = new Map<string, Set<string>>()
  /** The fields that have a text. */
  readonly #holders = new Map<string, string[]>()
  readonly #hits = new Map<string, Set<string>>()
  readonly #found = new Map<string, Found>()
  readonly keys: Buffer[] = []
  #seen = 0

  constructor(of: Hunted) {
    this.#of = of
    this.#wanted = new Set(of.texts)
    for (const text of this.#wanted) {
      if (text !== null) addTo(this.#essences, essence(text, of.isComposite), text)
    }
    for (const [path, texts] of of.fields) {
      for (const text of new Set(texts)) {
        if (text === null) continue
        const holders = this.#holders.get(text)
        if (holders === undefined) this.#holders.set(text, [path])
        else holders.push(path)
      }
    }
  }

  /** @param key as it came. @param text as it is read; undefined: it cannot be */
  see(key: Buffer, text: string | undefined): void {
    const count = this.#seen++
    if (this.keys.length < KEPT) this.keys.push(key)
    if (count >= MOST_KEYS) return
    if (text !== undefined) {
      for (const path of this.#holders.get(text) ?? []) addTo(this.#hits, path, text)
      this.#compare(key, text, null, null)
    }
    const { keyFormat, isComposite } = this.#of
    if (keyFormat === null || isComposite || count >= MOST_FORMATS) return
    for (const format of FORMATS) {
      if (format === keyFormat) continue
      const other = textIn(format, key)
      if (other !== undefined && other !== text) this.#compare(key, other, format, null)
    }
    for (const [field, other] of fieldsOfKey(key)) this.#compare(key, other, null, field)
  }

  #compare(example: Buffer, to: string, format: KeyFormat | null, field: string | null): void {
    const { isComposite } = this.#of
    const alike = this.#essences.get(essence(to, isComposite))
    if (alike === undefined || (format === null && field === null && this.#wanted.has(to))) return
    for (const from of alike) {
      const differences = differencesOf(from, to, isComposite)
      const name = JSON.stringify([format, field, differences])
      const known = this.#found.get(name)
      if (known === undefined) {
        const otherwise = { format, field, differences, example }
        this.#found.set(name, { otherwise, pairs: new Map([[from, { from, to }]]) })
      } else known.pairs.set(from, { from, to })
    }
  }

  /** What tells most of what is looked up, by the fewest differences. @param missing what has not been found */
  otherwise(missing: ReadonlySet<string>): Otherwise | undefined {
    const all = [...this.#found.values()].map(({ otherwise, pairs }) => {
      return { ...otherwise, pairs: [...pairs.values()].filter(({ from }) => missing.has(from)) }
    })
    const effort = ({ field, differences }: Otherwise): number =>
      differences.length + (field === null ? 0 : 1)
    const [best] = all.sort((a, b) => b.pairs.length - a.pairs.length || effort(a) - effort(b))
    return best === undefined || best.pairs.length === 0 ? undefined : best
  }

  /** The field of which most keys are there; one text that many facts have is a chance. */
  otherField(): OtherField | undefined {
    const all = [...this.#hits].map(([path, hits]) => {
      const texts = this.#of.fields.get(path)!
      const facts = texts.filter((text) => text !== null && hits.has(text)).length
      return { path, facts, hits: hits.size }
    })
    const least = Math.min(2, this.#wanted.size)
    const likely = all.filter(
      ({ facts, hits }) => facts >= this.#of.texts.length / 2 && hits >= least,
    )
    return likely.sort((a, b) => b.hits - a.hits || b.facts - a.facts)[0]
  }
}

function addTo(of: Map<string, Set<string>>, name: string, text: string): void {
  const known = of.get(name)
  if (known === undefined) of.set(name, new Set([text]))
  else known.add(text)
}
