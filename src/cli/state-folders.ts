import { copyFileSync, existsSync, linkSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Pipeline } from '../config/pipeline.ts'
import { openStore, type Store } from '../state/level.ts'
import { placeOfStore, type StorePlace } from '../state/stores.ts'

/** The folders of a pipeline's stores that are on this machine. */
export interface StateFolders {
  readonly windows: readonly (StorePlace & { readonly folder: string })[]
  readonly dimensions: readonly { readonly name: string; readonly folder: string }[]
}

export function stateFolders({ state, joins }: Pipeline): StateFolders {
  const window = join(state.dir, 'window')
  const dimension = join(state.dir, 'dimension')
  return {
    // Of a time when there was a join, where there is none now: nobody reads them.
    windows: (joins.length === 0 ? [] : namesIn(window)).flatMap((name) => {
      const place = placeOfStore(name)
      return place === undefined ? [] : [{ ...place, folder: join(window, name) }]
    }),
    dimensions: namesIn(dimension).map((name) => ({ name, folder: join(dimension, name) })),
  }
}

const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder) : [])

/**
 * Reads a store without touching it: LevelDB writes when it opens, and locks. Its tables never change,
 * so links do for these.
 */
export async function readStore<T>(folder: string, read: (store: Store) => Promise<T>): Promise<T> {
  const copy = mkdtempSync(join(tmpdir(), 'stream-enricher-plan-'))
  try {
    for (const name of readdirSync(folder)) {
      const [from, to] = [join(folder, name), join(copy, name)]
      if (!name.endsWith('.ldb') || !linked(from, to)) copyFileSync(from, to)
    }
    const store = await openStore(copy)
    try {
      return await read(store)
    } finally {
      await store.close()
    }
  } finally {
    rmSync(copy, { recursive: true, force: true })
  }
}

/** False: the folders are on different disks. */
function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch {
    return false
  }
}
