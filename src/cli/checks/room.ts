/** Whether what the service keeps fits into memory and on the disk. Estimates from samples. */

import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import type { Pipeline } from '../../config/pipeline.ts'
import { bytesText, countText, plural } from '../../config/text.ts'
import { memoryLimits } from '../../plan/memory.ts'
import { graceOf } from '../../window/lateness.ts'
import { type Finding, fail, ok, warn } from './finding.ts'

export interface StreamSize {
  /** Records a second, by the timestamps of the sample; 0: not known. */
  readonly rate: number
  /** Mean bytes of a stored record. */
  readonly bytes: number
}

export interface DimensionSize {
  readonly name: string
  /** Offsets that the topic has: at least as many as keys. */
  readonly rows: number
  /** Mean bytes of a row with its key. */
  readonly rowBytes: number
}

/** What a row and a window's record cost in memory besides their bytes. */
const ROW_OVERHEAD = 23
const WINDOW_INDEX = 30
/** Bytes of a header that says what a record was made of. */
const TOLD = 70

/** Bytes of these headers of a record of a source, 0 being the facts; none where nobody asks for them. */
export const toldBytes = ({ provenance, dimensions }: Pipeline, source: number): number =>
  provenance ? TOLD * (source === 0 ? 1 + dimensions.length : 1) : 0

/** What is in the window of streams that are joined: records, and their bytes. */
interface WindowSize {
  readonly records: number
  readonly bytes: number
}

/**
 * Records of a stream are stored for twice window and grace, those of a later join for as long more as the earlier ones
 * hold theirs; what an earlier join gives is as often as the facts are, and has the bytes of all its parts. null: nothing
 * is joined.
 */
function windowSize({ joins }: Pipeline, streams: readonly StreamSize[]): WindowSize | null {
  if (joins.length === 0) return null
  const [facts, ...rights] = streams
  let records = 0
  let bytes = 0
  let delayMs = 0
  let leftBytes = facts?.bytes ?? 0
  for (const [j, join] of joins.entries()) {
    const { rate: leftRate } = facts ?? NO_STREAM
    const right = rights.at(j) ?? NO_STREAM
    const { beforeMs, afterMs } = join
    const graceMs = graceOf(join)
    const seconds = (2 * (Math.max(beforeMs, afterMs) + graceMs)) / 1000
    const rightSeconds = seconds + delayMs / 1000
    records += leftRate * seconds + right.rate * rightSeconds
    bytes += leftRate * leftBytes * seconds + right.rate * right.bytes * rightSeconds
    leftBytes += right.bytes
    delayMs += beforeMs + afterMs + graceMs
  }
  return { records, bytes }
}

const NO_STREAM: StreamSize = { rate: 0, bytes: 0 }

export const dimensionBytes = ({ rows, rowBytes }: DimensionSize): number =>
  rows * (rowBytes + ROW_OVERHEAD)

/** @param available bytes of the container or machine. Throws MEMORY_TOO_SMALL where the parts do not fit each other. */
export function checkMemory(
  pipeline: Pipeline,
  dimensions: readonly DimensionSize[],
  streams: readonly StreamSize[],
  available: number,
): Finding {
  const limits = memoryLimits(pipeline.memory, available)
  const rows = dimensions.map(
    (size) => `${size.name} ${bytesText(dimensionBytes(size))} for ${plural(size.rows, 'row')}`,
  )
  const window = windowSize(pipeline, streams)
  const index = (window?.records ?? 0) * WINDOW_INDEX
  const needed = index + dimensions.reduce((sum, size) => sum + dimensionBytes(size), 0)
  const parts = [...rows, ...(window === null ? [] : [`the window's index ${bytesText(index)}`])]
  const named = parts.length === 0 ? '' : ` (${parts.join(', ')})`
  const detail = `about ${bytesText(needed)} at most${named} of the ${bytesText(limits.dimensions)} that a limit of ${bytesText(limits.limit)} leaves for them`
  const remedy = 'give each instance more memory, or select fewer fields of the dimensions'
  return fits('memory', detail, needed / limits.dimensions, remedy)
}

export function checkDisk(
  pipeline: Pipeline,
  dimensions: readonly DimensionSize[],
  streams: readonly StreamSize[],
  disk: {
    readonly folder: string
    readonly freeBytes: number
    readonly isWritable: boolean
    readonly isFile: boolean
  },
): Finding {
  const { folder, freeBytes, isWritable, isFile } = disk
  if (isFile) {
    const detail = `${pipeline.state.dir} cannot be a folder: ${folder} is a file`
    return fail('state folder', detail, 'name a folder in state.dir')
  }
  if (!isWritable) {
    const detail = `${pipeline.state.dir} is no folder that this user may write (${folder})`
    const remedy =
      'make state.dir a folder that this user may write; a container whose root is read-only needs a volume there'
    return fail('state folder', detail, remedy)
  }
  const window = windowSize(pipeline, streams)
  // A dimension's store is written anew when most of it is dead.
  const needed =
    (window?.bytes ?? 0) + dimensions.reduce((sum, d) => sum + 3 * dimensionBytes(d), 0)
  const rates = streams.map(({ rate }) => countText(rate)).join(' + ')
  const at = window === null ? '' : `at ${rates} records/s, `
  const detail = `about ${bytesText(needed)} of ${bytesText(freeBytes)} free at ${pipeline.state.dir} (${at}on one instance)`
  return fits('state folder', detail, needed / freeBytes, 'give state.dir a larger volume')
}

function fits(what: string, detail: string, share: number, remedy: string): Finding {
  if (share > 0.9) return fail(what, detail, remedy)
  return share > 0.6 ? warn(what, detail, remedy) : ok(what, detail)
}

/** Looks at the nearest folder, or file in its way, that is there already. */
export function diskOf(dir: string): Parameters<typeof checkDisk>[3] {
  let folder = dir
  while (!existsSync(folder)) folder = dirname(folder)
  const { bavail, bsize } = statfsSync(folder)
  const isFile = !statSync(folder).isDirectory()
  let isWritable = !isFile
  try {
    accessSync(folder, constants.W_OK)
  } catch {
    isWritable = false
  }
  return { folder, freeBytes: bavail * bsize, isWritable, isFile }
}
