/** The one door to LevelDB: `level`'s class is classic-level on Node. */
import { existsSync, statSync } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import { dirname } from 'node:path'
import { Level } from 'level'
import { crc32c } from '../checksum.ts'
import { codeOf, EnricherError, messageOf } from '../errors.ts'

export type Store = Level<Buffer, Buffer>

const BUFFER_BYTES = 4 * 1024 * 1024

/**
 * Opens the store in `folder`, creating it where there is none.
 * Throws STATE_UNWRITABLE, STATE_FULL, STATE_LOCKED (another process has it) or STATE_CORRUPT.
 * @param bufferBytes of each of its three: what is written, the same while it goes to disk, and the cache
 */
export async function openStore(folder: string, bufferBytes = BUFFER_BYTES): Promise<Store> {
  // Before there is a store, which begins to open itself.
  await makeFolder(folder).catch((cause) => {
    throw storeError(folder, cause)
  })
  const store: Store = new Level<Buffer, Buffer>(folder, {
    keyEncoding: 'buffer',
    valueEncoding: 'buffer',
    // The pages are read back whole and soon deleted; compressing them would cost more than it saves.
    compression: false,
    writeBufferSize: bufferBytes,
    cacheSize: bufferBytes,
  })
  try {
    await store.open()
  } catch (cause) {
    throw storeError(folder, cause)
  }
  return store
}

/** As `mkdir -p`. Node's own tries for ever where a folder that is there has no room for another, as /proc. */
async function makeFolder(folder: string): Promise<void> {
  try {
    await mkdir(folder)
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EEXIST') return
    if (code !== 'ENOENT' || dirname(folder) === folder) throw error
    await makeFolder(dirname(folder))
    await mkdir(folder).catch((again: NodeJS.ErrnoException) => {
      if (again.code !== 'EEXIST') throw again
    })
  }
}

/** A file that is where a folder has to be. */
function fileInTheWay(folder: string): string | undefined {
  for (let at = folder; at !== dirname(at); at = dirname(at)) {
    if (existsSync(at)) return statSync(at).isDirectory() ? undefined : at
  }
  return undefined
}

/**
 * Of writes. Not against crashes, which lose nothing that was written: against a host that loses power, where a file
 * may come back with a hole. LevelDB passes over what it cannot read in its log, and goes on behind it.
 */
export const DURABLE = { sync: true }

const CHECKSUM_BYTES = 4

/** A value as it is to be stored: LevelDB compares its own checksums only when it compacts. */
export function withChecksum(value: Buffer): Buffer {
  const stored = Buffer.allocUnsafe(value.length + CHECKSUM_BYTES)
  value.copy(stored)
  stored.writeUInt32LE(crc32c(value), value.length)
  return stored
}

/** The value that was stored; undefined: it has changed since. */
export function withoutChecksum(stored: Buffer): Buffer | undefined {
  const bytes = stored.length - CHECKSUM_BYTES
  if (bytes < 0) return undefined
  const value = stored.subarray(0, bytes)
  return crc32c(value) === stored.readUInt32LE(bytes) ? value : undefined
}

const TIMED = { getMany: 'get_many', batch: 'write', clear: 'clear' } as const

/** Tells how long each of the store's operations takes, in ms; one that finds no room throws STATE_FULL. */
export function timed(store: Store, onOp: (op: string, ms: number) => void): Store {
  const methods = store as unknown as Record<string, (...args: unknown[]) => Promise<unknown>>
  for (const [name, op] of Object.entries(TIMED)) {
    const method = methods[name].bind(store)
    methods[name] = async (...args) => {
      const begun = performance.now()
      try {
        return await method(...args)
      } catch (error) {
        throw isFull(error as LevelError) ? fullError(store.location, error) : error
      } finally {
        onOp(op, performance.now() - begun)
      }
    }
  }
  return store
}

/** Closes the store, deletes its files, whatever is in them, and opens it again. */
export async function empty(store: Store): Promise<void> {
  await store.close()
  await rm(store.location, { recursive: true, force: true })
  await store.open()
}

interface LevelError {
  readonly code?: string
  readonly message?: string
  readonly cause?: LevelError
}

/** A table that is shorter than its index says is an IO error, EINVAL, of the map that LevelDB reads it by. */
const isDamage = ({ code, message }: LevelError): boolean =>
  code === 'LEVEL_CORRUPTION' ||
  (code === 'LEVEL_IO_ERROR' && /\.(ldb|sst): Invalid argument$/.test(message ?? ''))

/**
 * What LevelDB says of damaged files, as STATE_CORRUPT; any other error as it is.
 * @param partition whose window store it is
 */
export function asCorrupt(error: unknown, partition?: number): unknown {
  const { cause } = error as LevelError
  if (codeOf(error) === 'STATE_CORRUPT' && partition !== undefined) {
    return new EnricherError('STATE_CORRUPT', messageOf(error), {
      cause: error,
      fields: { ...(error as EnricherError).fields, partition },
    })
  }
  if (!isDamage(error as LevelError) && !(cause && isDamage(cause))) return error
  return new EnricherError('STATE_CORRUPT', `A store is damaged: ${messageOf(error)}`, {
    cause: error,
    fields: partition === undefined ? {} : { partition },
  })
}

const isFull = ({ code, message }: LevelError): boolean =>
  code === 'LEVEL_IO_ERROR' && /(No space left on device|Disk quota exceeded)$/.test(message ?? '')

function fullError(folder: string, cause: unknown): EnricherError {
  const message = `No room is left for the state folder ${folder} (${messageOf(cause)}); give state.dir a larger volume, or take away what else lies there. While nothing runs the stores may be deleted, too: they are read again from their topics`
  return new EnricherError('STATE_FULL', message, { cause, fields: { folder } })
}

function storeError(folder: string, error: unknown): EnricherError {
  const cause = (error as LevelError).cause ?? (error as LevelError)
  const fields = { folder }
  if (cause.code === 'LEVEL_LOCKED') {
    const message = `The state folder ${folder} is in use by another process; give each instance a state.dir of its own`
    return new EnricherError('STATE_LOCKED', message, { cause, fields })
  }
  if (isDamage(cause)) {
    return new EnricherError('STATE_CORRUPT', `The store in ${folder} is damaged`, {
      cause,
      fields,
    })
  }
  if (isFull(cause)) return fullError(folder, cause)
  const file = fileInTheWay(folder)
  if (file !== undefined) {
    const message = `The state folder ${folder} cannot be made: ${file} is a file; name a folder in state.dir`
    return new EnricherError('STATE_UNWRITABLE', message, { cause, fields })
  }
  const message = `Cannot write the state folder ${folder} (${messageOf(cause)}); make state.dir a folder that this user may write. A container whose root is read-only needs a volume there: docker run -v enricher-state:/var/lib/stream-enricher, or --tmpfs /var/lib/stream-enricher`
  return new EnricherError('STATE_UNWRITABLE', message, { cause, fields })
}
