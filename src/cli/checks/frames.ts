/** How the values of a sample name their schemas, for people to be told. */
import type { RecordBytes } from '../../batch.ts'
import { ALL_FRAMES, Frame, type FrameKind, VALUE } from '../../codec/frame/framing.ts'
import { rawRecord } from '../../codec/raw-record.ts'

const WORDS: Readonly<Record<Exclude<FrameKind, 'prefix'>, string>> = {
  GUID: 'a GUID in the header __value_schema_id',
  'content id': 'a content id in the header apicurio.value.contentId',
  'global id': 'a global id in the header apicurio.value.globalId',
  'Azure id': 'an id in the header content-type, as Azure’s serializers write it',
  'long prefix': 'byte 0 and an id of 8 bytes, as Apicurio’s serializers 2.x write it',
  Glue: 'AWS Glue’s 03 00 and a UUID',
  'Glue zlib': 'AWS Glue’s 03 05 and a UUID, compressed',
}

/** How many of the records have one of these frames, by what it is. */
export function framesOf(
  records: readonly Pick<RecordBytes, 'value' | 'headers'>[],
  kinds = ALL_FRAMES,
): ReadonlyMap<FrameKind, number> {
  const frame = new Frame(VALUE, kinds)
  const found = new Map<FrameKind, number>()
  for (const { value, headers } of records) {
    const { buffer, valueEnd, headerStart, headerEnd } = rawRecord({ key: null, value, headers })
    if (!frame.find(buffer, 0, valueEnd, headerStart, headerEnd)) continue
    found.set(frame.kind, (found.get(frame.kind) ?? 0) + 1)
  }
  return found
}

/** Which frames there are but the usual prefix; undefined: no other. */
export function frameWords(frames: ReadonlyMap<FrameKind, number>): string | undefined {
  const others = [...frames.keys()].filter((kind) => kind !== 'prefix')
  if (others.length === 0) return undefined
  const usual = frames.has('prefix') ? ['byte 0 and an id'] : []
  return [...usual, ...others.map((kind) => WORDS[kind])].join(', and ')
}

/** The same as a clause behind what is said of the sample's records; '' where there is only the usual prefix. */
export function framesText({
  records,
  isBare,
}: {
  readonly records: readonly Pick<RecordBytes, 'value' | 'headers'>[]
  readonly isBare: boolean
}): string {
  if (isBare) return '; they name no schema (frame: none)'
  const words = frameWords(framesOf(records))
  return words === undefined ? '' : `; they name their schema by ${words}`
}
