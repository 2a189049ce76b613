import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

/** Bytes on disk by store (`window/3`, `dimension/customer`); files that go meanwhile count nothing. */
export async function storeSizes(stateDir: string): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {}
  for (const kind of ['dimension', 'window']) {
    const stores = await readdir(join(stateDir, kind)).catch(() => [])
    for (const store of stores)
      sizes[`${kind}/${store}`] = await folderBytes(join(stateDir, kind, store))
  }
  return sizes
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
