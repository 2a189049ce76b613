/** `rejects list FILE`: how many rejects there are, by reason and input. */
import { loadPipeline } from '../../config/load.ts'
import { plural } from '../../config/text.ts'
import { timeText } from '../../output/time-text.ts'
import { print, styled } from '../terminal.ts'
import { ledgerShown, onRejects } from './on-rejects.ts'
import { pagesOf } from './pages.ts'
import { coordinatesText, type Rejected } from './reject.ts'
import { type Selection, selector } from './selection.ts'

export interface ListOptions extends Selection {
  readonly json?: true
}

/** The rejects of one reason and input. */
interface Group {
  readonly reason: string
  readonly topic: string
  count: number
  /** Those that were put back; null: this user may not know. */
  retried: number | null
  /** When the first and the last of them were rejected, ms since 1970. */
  oldest: number
  newest: number
  /** The newest. */
  example: Rejected
}

export async function rejectsList(file: string, options: ListOptions): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  const isWanted = selector(options)
  await onRejects(pipeline, async (broker, topic) => {
    const ledger = await ledgerShown(broker, topic)
    const groups = new Map<string, Group>()
    for await (const page of pagesOf(broker, topic, options.since)) {
      for (const rejected of page) {
        if (isWanted(rejected)) count(groups, rejected, ledger?.has(rejected) ?? null)
      }
    }
    const all = [...groups.values()].sort((a, b) => b.count - a.count)
    for (const group of all) print(options.json ? JSON.stringify(jsonOf(group)) : textOf(group))
    if (!options.json) print(all.length === 0 ? `${topic} has no such rejects` : total(topic, all))
  })
}

/** @param isRetried null: not known */
function count(groups: Map<string, Group>, rejected: Rejected, isRetried: boolean | null): void {
  const { reason, topic, rejectedAt } = rejected
  const name = `${reason} ${topic}`
  const group = groups.get(name) ?? {
    ...{ reason, topic, count: 0, retried: isRetried === null ? null : 0 },
    ...{ oldest: rejectedAt, newest: rejectedAt, example: rejected },
  }
  groups.set(name, group)
  group.count++
  if (isRetried && group.retried !== null) group.retried++
  group.oldest = Math.min(group.oldest, rejectedAt)
  if (rejectedAt < group.newest) return
  group.newest = rejectedAt
  group.example = rejected
}

function jsonOf({ oldest, newest, example, ...group }: Group): object {
  const { topic, partition, offset, error } = example
  return {
    ...group,
    oldest: timeText(oldest),
    newest: timeText(newest),
    example: { topic, partition, offset, error },
  }
}

function textOf({ reason, topic, count, retried, oldest, newest, example }: Group): string {
  const back = retried ? `, ${retried} of them retried` : ''
  return [
    `${styled('red', reason)} of ${styled('bold', topic)}: ${count}${back}`,
    `  rejected ${timeText(oldest)} to ${timeText(newest)}`,
    `  as ${coordinatesText(example)}: ${example.error}`,
  ].join('\n')
}

const total = (topic: string, all: readonly Group[]): string =>
  `${plural(
    all.reduce((sum, group) => sum + group.count, 0),
    'reject',
  )} of ${topic}`
