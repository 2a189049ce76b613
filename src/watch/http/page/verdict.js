/** Whether it works, since when not, why, and what to do. */
import { $, byId, list, make, setAttribute, setMarked, setText } from './elements.js'
import { ago, clock, lowered, ranges, since, span } from './words.js'

const COLOURS = { works: '%2316a34a', degraded: '%23d97706', down: '%23dc2626', gone: '%236b7280' }
/** A process that has ended is a member until its session is over. */
const SILENT =
  'Look whether it runs: if its process has ended, the others take its tasks within its session timeout'
/** Warnings that are seen without a click. */
const SHOWN = 3

export function head(s) {
  setText(byId('name'), s.pipeline)
  badge(s.verdict.verdict, s.pipeline)
  // Where all is well the state says nothing more.
  setText(byId('phase'), s.state === 'running' ? '' : s.state)
  const about = [s.instance, `stream-enricher ${s.version}`, `Node ${s.node.slice(1)}`]
  setText(byId('about'), [...about, `up ${span(s.at - s.since)}`].join(' · '))
  verdict(s)
  warnings(s)
}

/** In the page's head, in its title, and as the icon of its tab. */
export function badge(level, pipeline) {
  const text = level === 'gone' ? 'no answer' : level
  const at = byId('state')
  setText(at, text)
  at.className = `badge ${level}`
  document.title = `${text} · ${pipeline} · stream-enricher`
  const dot = `%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='7' fill='${COLOURS[level]}'/%3E%3C/svg%3E`
  setAttribute($('link[rel=icon]'), 'href', `data:image/svg+xml,${dot}`)
}

function verdict(s) {
  const { verdict: level, text, since: from, reasons } = s.verdict
  const section = byId('verdict')
  section.hidden = false
  section.className = level
  const isFine = level === 'works'
  setText(
    $('h2 b', section),
    `${isFine ? 'Works:' : `${level === 'down' ? 'Down' : 'Degraded'} because`} ${lowered(text)}`,
  )
  setText($('h2 span', section), since(from, s.at))
  list(byId('reasons'), reasons, reasonItem, (item, reason) => {
    item.className = reason.level
    setText($('.text', item), reason.text)
    const bar = $('progress', item)
    bar.hidden = reason.percent === undefined
    bar.value = reason.percent ?? 0
    setMarked($('.action', item), reason.action)
    // Of one reason the heading says it already.
    setText($('.since', item), reasons.length === 1 ? '' : `${since(reason.since, s.at)} · `)
    const link = $('a', item)
    setAttribute(link, 'href', reason.runbook)
    setText(link, `Runbook: ${reason.reason}`)
  })
}

/** It does not answer: what it said last is no verdict any more. */
export function outdated({ verdict: { verdict: level }, at }) {
  setText($('#verdict h2 b'), `It said last, at ${clock(at)} UTC: ${level}`)
  setText($('#verdict h2 span'), '')
  byId('verdict').className = ''
  byId('others').replaceChildren()
}

const reasonItem = () =>
  make(
    'li',
    {},
    make('p', { class: 'text' }),
    make('progress', { max: 100, 'aria-label': 'how far it is' }),
    make('p', {}, make('b', {}, 'What to do: '), make('span', { class: 'action' })),
    make('p', { class: 'soft' }, make('span', { class: 'since' }), make('a')),
  )

/** What is wrong with the others: the verdict is of this instance alone. */
export function others(group, now) {
  const { instances, gone, unowned } = group
  const rest = instances.filter(({ self }) => !self)
  const alone = unowned.length === 0 ? [] : [`Nobody has the tasks ${ranges(unowned)}`]
  const left = gone.map(({ name, lastSeenAt, partitions }) => {
    const tasks =
      partitions.length === 0 ? '' : `, and the others have its tasks ${ranges(partitions)}`
    return `${name} left the group ${ago(lastSeenAt, now)}${tasks}. If nobody meant that: look whether it runs, and at the last line of its log`
  })
  const faults = [...alone, ...left, ...ailing(rest, now)]
  const n = rest.length
  const fine = n === 1 ? 'The other instance works' : `The other ${n} instances work`
  const lines = faults.length === 0 && n > 0 ? [fine] : faults
  list(byId('others'), lines, () => make('li'), setText)
  byId('others').className = faults.length > 0 ? 'alert' : 'soft'
}

/** A line for each fault, with all that have it. */
function ailing(instances, now) {
  const names = new Map()
  for (const { instance, host, error, summary } of instances) {
    if (summary?.verdict.verdict === 'works') continue
    const fault = error === null ? faultOf(summary.verdict, now) : `${error}. ${SILENT}`
    names.set(fault, [...(names.get(fault) ?? []), instance ?? host])
  }
  return [...names].map(([fault, those]) => `${those.join(', ')}: ${fault}`)
}

const faultOf = ({ verdict: level, text, since: from }, now) =>
  `${level} because ${lowered(text)} ${since(from, now)}`

function warnings({ warnings: all, at }) {
  const section = byId('warnings')
  section.hidden = all.length === 0
  const details = $('details', section)
  const kinds = kindsOf(all)
  const older = kinds.slice(SHOWN)
  details.hidden = older.length === 0
  setText($('summary', details), `${older.length} more`)
  warningLines($('ol', section), kinds.slice(0, SHOWN), at)
  warningLines($('ol', details), older, at)
}

/** What is said once a minute is one: the newest, and how many. Lines that begin alike but for their figures are of one kind. */
function kindsOf(lines) {
  const kinds = new Map()
  for (const line of lines) {
    const kind = `${line.event} ${line.text.slice(0, 60).replaceAll(/\d+/g, '')}`
    if (!kinds.has(kind)) kinds.set(kind, { line, times: 0, first: line.at })
    const known = kinds.get(kind)
    known.times++
    known.first = line.at
  }
  return [...kinds.values()]
}

function warningLines(at, kinds, now) {
  list(at, kinds, warningItem, (item, { line, times, first }) => {
    item.className = line.level
    const often = times === 1 ? '' : ` · ${times} times in ${span(now - first)}`
    setText($('.when', item), `${ago(line.at, now)} · ${line.event}${often}`)
    setMarked($('.text', item), line.text)
  })
}

const warningItem = () =>
  make('li', {}, make('span', { class: 'when soft' }), ' ', make('span', { class: 'text' }))
