export interface SymbolNumbers {
  /** By number: what the enum has in its file. What is gone stays, for who reads earlier values; and 0 has to be there. */
  readonly names: ReadonlyMap<number, string>
  readonly numbers: ReadonlyMap<string, number>
  /** Those that had none. */
  readonly invented: readonly string[]
}

/**
 * Numbers of an enum's symbols: each keeps its own.
 * @param kept what the file has had; @param namesOf what a symbol may be called there, the first that is free
 * @param take makes one of the names the symbol's
 */
export function symbolNumbers(
  symbols: readonly string[],
  kept: ReadonlyMap<number, string>,
  namesOf: (symbol: string) => readonly string[],
  take: (names: readonly string[]) => string,
): SymbolNumbers {
  const names = new Map(kept)
  const numbers = new Map<string, number>()
  const invented: string[] = []
  let next = Math.max(-1, ...kept.keys()) + 1
  for (const symbol of symbols) {
    const possible = namesOf(symbol)
    const before = [...kept].find(([, name]) => possible.includes(name))
    const number = before?.[0] ?? next++
    numbers.set(symbol, number)
    if (before !== undefined) continue
    invented.push(symbol)
    names.set(number, take(possible))
  }
  return { names, numbers, invented }
}
