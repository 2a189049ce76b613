import type { Store } from '../../src/state/level.ts'
import { NUMBER_BYTES } from '../../src/state/page.ts'

/** LevelDB of one task on one machine: what was written stays, whatever becomes of the process. */
export class Disk {
  readonly #entries: Map<string, Buffer>

  constructor(entries: Iterable<[string, Buffer]> = []) {
    this.#entries = new Map(entries)
  }

  /** Numbers of the pages that are here: a longer key is a checkpoint's. */
  get pages(): number[] {
    const keys = this.#keys(false).filter((key) => key.length === NUMBER_BYTES)
    return keys.map((key) => Buffer.from(key, 'latin1').readUIntBE(0, NUMBER_BYTES))
  }

  /** As it is now; what is written here later is not there. */
  copy(): Disk {
    return new Disk(this.#entries)
  }

  /** @param step awaited before and after each write (of a `clear`: per key); a process that dies in it writes no more */
  open(step: () => Promise<void> = turn): Store {
    const write = async (change: () => void): Promise<void> => {
      await step()
      change()
      await step()
    }
    return {
      batch: (puts: readonly { key: Buffer; value: Buffer }[]) =>
        write(() => {
          for (const { key, value } of puts) this.#entries.set(text(key), Buffer.from(value))
        }),
      clear: async ({ gte, lt, reverse = false }: Range) => {
        for (const key of this.#keys(reverse)) {
          if ((gte && key < text(gte)) || (lt && key >= text(lt))) continue
          await write(() => this.#entries.delete(key))
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
}

interface Range {
  readonly gte?: Buffer
  readonly lt?: Buffer
  readonly reverse?: boolean
}

const text = (key: Buffer): string => key.toString('latin1')
const turn = (): Promise<void> => Promise.resolve()
