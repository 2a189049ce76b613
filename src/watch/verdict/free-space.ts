import { statfs } from 'node:fs/promises'

/** The room of a volume, in bytes. */
export interface Space {
  readonly free: number
  readonly total: number
}

/** Free space is little where it is less than this part of the volume; on a large one, less than so many bytes. */
const LITTLE = 0.05
const LITTLE_BYTES = 2 ** 30

export const isLittle = ({ free, total }: Space): boolean =>
  free < Math.min(LITTLE * total, LITTLE_BYTES)

/** The room that is left where the stores are. A disk may be slow to say: what it has said last counts. */
export class FreeSpace {
  readonly #folder: string
  #space: Space | undefined

  constructor(folder: string) {
    this.#folder = folder
  }

  /** undefined: not known. */
  get space(): Space | undefined {
    return this.#space
  }

  async look(): Promise<void> {
    const found = await statfs(this.#folder).catch(() => undefined)
    this.#space = found && { free: found.bavail * found.bsize, total: found.blocks * found.bsize }
  }
}
