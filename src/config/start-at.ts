import { bytesOf } from '../bytes.ts'
import { isoTime } from './iso-time.ts'
import type { StartAt } from './pipeline.ts'
import type { ReportAt } from './report.ts'

/** null: the file says nothing. */
export function startAtOf(
  raw: string | number | undefined,
  path: readonly string[],
  report: ReportAt,
): StartAt | null {
  if (raw === undefined) return null
  if (raw === 'earliest' || raw === 'latest' || typeof raw === 'number') return raw
  if (/^\d+$/.test(raw)) return Number(raw)
  const text = bytesOf(Buffer.from(raw))
  const ms = isoTime(text, 0, text.length)
  if (ms >= 0) return ms
  const wanted = 'a date and a time since 1970, with Z or an offset, as 2026-01-31T12:00:00Z'
  report(path, `"${raw}" is no time to start at; write ${wanted}`)
  return null
}
