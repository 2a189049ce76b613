import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/**
 * Bytes on disk: `dimension/customer` and its like, and `window` for all windows together, as tasks come and go and
 * leave their stores where they were. Files that go meanwhile count nothing.
 * @param hasState whether tasks keep state; else there is only what was left of a time when they did
 */
export async function storeSizes(
  stateDir: string,
  hasState: boolean,
): Promise<Record<string, number>> {
  const windows = await foldersIn(join(stateDir, 'window'))
  const sizes: Record<string, number> = hasState || windows.length > 0 ? { window: 0 } : {}
  for (const [store, bytes] of await foldersIn(join(stateDir, 'dimension'))) {
    sizes[`dimension/${store}`] = bytes
  }
  for (const [, bytes] of windows) sizes.window += bytes
  return sizes
}

async function foldersIn(folder: string): Promise<[string, number][]> {
  const names = await readdir(folder).catch(() => [])
  return Promise.all(
    names.map(
      async (name): Promise<[string, number]> => [name, await folderBytes(join(folder, name))],
    ),
  )
}

async function folderBytes(folder: string): Promise<number> {
  const files = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(
    files.map((file) =>
      stat(join(folder, file)).then(
        ({ size }) => size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}
