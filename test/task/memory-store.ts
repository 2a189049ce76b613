import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/state/level.ts'

interface Range {
  readonly lt?: Buffer
}

const text = (key: Buffer): string => key.toString('latin1')

/** A dimension's LevelDB: what was written stays, whoever opens it. */
export class MemoryStore {
  readonly #entries = new Map<string, Buffer>()

  open(): Store {
    return {
      open: async () => this.#entries.clear(),
      get: async (key: Buffer) => this.#entries.get(text(key)),
      batch: async (puts: readonly { key: Buffer; value: Buffer }[]) => {
        for (const { key, value } of puts) this.#entries.set(text(key), Buffer.from(value))
      },
      clear: async (range: Range = {}) => {
        for (const key of this.#keys(range)) this.#entries.delete(key)
      },
      values: (range: Range) => {
        const found = this.#keys(range).map((key) => this.#entries.get(key))
        return { nextv: async (n: number) => found.splice(0, n), close: async () => {} }
      },
      // There is no such folder. Who deletes it opens the store then, which is empty.
      location: join(tmpdir(), 'stream-enricher-memory-store'),
      close: async () => {},
    } as unknown as Store
  }

  #keys({ lt }: Range): string[] {
    return [...this.#entries.keys()].filter((key) => lt === undefined || key < text(lt)).sort()
  }
}
