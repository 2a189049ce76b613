/** What starting a pipeline file would do to the windows that are stored: in changelogs, and on this machine. */
import type { Pipeline } from '../../config/pipeline.ts'
import { plural } from '../../config/text.ts'
import { knownChangelogs } from '../../config/topic-names.ts'
import { keepsState } from '../../config/waits.ts'
import { messageOf } from '../../errors.ts'
import { stateTakenOut } from '../../state/state-faults.ts'
import type { Headers } from './offsets.ts'
import { type Step, step } from './steps.ts'
import { EARLIER_COMES_OUT, type EarlierLayouts, RESET } from './stored-schemas.ts'

/** @param headers of each changelog */
export function changelogSteps(
  pipeline: Pipeline,
  layout: string,
  headers: readonly Headers[],
  earlier: EarlierLayouts = new Map(),
): Step[] {
  return knownChangelogs(pipeline).flatMap((topic, s) =>
    changelogStep(pipeline, topic, layout, headers[s], earlier),
  )
}

function changelogStep(
  pipeline: Pipeline,
  topic: string,
  layout: string,
  headers: Headers,
  earlier: EarlierLayouts,
): Step[] {
  const written = [...headers].filter(([, header]) => header !== undefined)
  if (written.length === 0) return []
  if (!keepsState(pipeline)) {
    const { layout: stored } = written[0][1]!
    return [step('refuse', 'window', messageOf(stateTakenOut(topic, stored)))]
  }
  const others = written.filter(([, header]) => header!.layout !== layout)
  const changed = others.filter(([, header]) => !earlier.has(header!.layout))
  if (changed.length > 0) {
    const detail = `${topic} has the window of another pipeline (fields, schemas or window differ) in ${plural(changed.length, 'partition')}: the start would end with STATE_LAYOUT_CHANGED; ${RESET}`
    return [step('refuse', 'window', detail)]
  }
  const [fault] = others.flatMap(([, header]) => earlier.get(header!.layout) ?? [])
  if (fault !== undefined) return [step('refuse', 'window', fault)]
  if (others.length === 0) return [step('keep', 'window', `${topic} has it in this layout`)]
  const detail = `${topic} has in ${plural(others.length, 'partition')} ${EARLIER_COMES_OUT}`
  return [step('change', 'window', detail)]
}

/** A window store on this machine: `current`, of another layout, not readable, or one to which nothing was ever written. */
export type WindowState = 'current' | 'other' | 'empty' | 'unreadable'

/** @param stage whose they are; null: there is only one */
export function windowSteps(
  windows: readonly { readonly partition: number; readonly state: WindowState }[],
  stage: string | null,
): Step[] {
  const which = stage === null ? '' : `${stage}, `
  const of = (...states: WindowState[]): string =>
    windows
      .filter(({ state }) => states.includes(state))
      .map(({ partition }) => partition)
      .sort((a, b) => a - b)
      .join(', ')
  const kept = of('current')
  const other = of('other', 'unreadable')
  return [
    ...(kept === '' ? [] : [step('keep', 'local windows', `of ${which}partition ${kept}`)]),
    ...(other === ''
      ? []
      : [
          step(
            'change',
            'local windows',
            `of ${which}partition ${other}: of another layout or changelog, or damaged, so not used`,
          ),
        ]),
  ]
}
