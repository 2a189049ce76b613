import type { Store } from '../../src/state/level.ts'
import { NUMBER_BYTES } from '../../src/state/page.ts'

/** The process is killed. */
export class Crash extends Error {}

/** LevelDB of one instance: what was written stays, and each write may be the process's last. */
export class Disk {
  readonly #entries = new Map<string, Buffer>()
  /** Writes until the process dies; a `clear` writes once per key. */
  writesLeft = Number.POSITIVE_INFINITY

  /** Of the window: what is longer is a checkpoint. */
  get pages(): number {
    return this.#keys(false).filter((key) => key.length === NUMBER_BYTES).length
  }

  get store(): Store {
    return {
      batch: async (puts: readonly { key: Buffer; value: Buffer }[]) => {
        this.#write()
        for (const { key, value } of puts) this.#entries.set(text(key), Buffer.from(value))
        await turn()
      },
      clear: async ({
        gte,
        lt,
        reverse = false,
      }: {
        gte?: Buffer
        lt?: Buffer
        reverse?: boolean
      }) => {
        const keys = this.#keys(reverse)
        for (const key of keys) {
          if ((gte && key < text(gte)) || (lt && key >= text(lt))) continue
          this.#write()
          this.#entries.delete(key)
        }
        await turn()
      },
      getMany: async (keys: readonly Buffer[]) => {
        const found = keys.map((key) => this.#entries.get(text(key)))
        await turn()
        return found
      },
      iterator: ({ reverse = false, limit }: { reverse?: boolean; limit?: number }) => {
        const found = this.#keys(reverse)
          .slice(0, limit)
          .map((key) => [Buffer.from(key, 'latin1'), this.#entries.get(key)])
        return {
          all: async () => found,
          nextv: async (n: number) => found.splice(0, n),
          close: turn,
        }
      },
    } as unknown as Store
  }

  #keys(reverse: boolean): string[] {
    const keys = [...this.#entries.keys()].sort()
    return reverse ? keys.reverse() : keys
  }

  #write(): void {
    if (this.writesLeft-- <= 0) throw new Crash('Killed while the store is written')
  }
}

const text = (key: Buffer): string => key.toString('latin1')
const turn = (): Promise<void> => Promise.resolve()
