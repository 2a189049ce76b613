/** The lists of the page. */
import { $, byId, setText, table } from './elements.js'
import { internalTopics } from './layout.js'
import {
  ago,
  bytes,
  clock,
  count,
  exact,
  latency,
  NONE,
  or,
  percent,
  ranges,
  rate,
  span,
} from './words.js'

export function tables(s) {
  rejects(s)
  tasks(s)
  dimensions(s)
  byId('join').hidden = s.topology.join === null
  if (s.topology.join !== null) join(s)
  delays(s)
  epochs(s)
  memory(s)
  setText($('#config pre'), JSON.stringify(s.config, null, 2))
}

/** @param group the answer of /v1/group */
export function members(group, s) {
  const joins = s.topology.join !== null
  const heads = [
    ...['Instance', 'Verdict', 'Facts', 'Output', 'Lag', 'Latency, 99 %', 'Rejects'],
    ...(joins ? ['Late', 'Unmatched'] : []),
    ...['Tasks', 'Version'],
  ]
  const figures = (pace) => paceCells(pace, joins)
  const rows = group.instances.map((m) => {
    const { self, instance, address, host, summary, error } = m
    const name = { text: `${instance ?? host}${self ? ' (this one)' : ''}`, small: address ?? '' }
    if (address !== null && !self) name.href = `http://${address}/`
    const level = summary?.verdict.verdict
    const colour = { alert: level !== 'works', warn: level === 'degraded' }
    const verdict = { text: level ?? 'no answer', small: error ?? '', ...colour }
    return [name, verdict, ...figures(summary?.pace), ranges(m.partitions), m.version ?? NONE]
  })
  for (const { name, address, lastSeenAt, partitions } of group.gone) {
    const left = { text: 'gone', small: `left ${ago(lastSeenAt, s.at)}`, alert: true }
    const had = { text: NONE, small: partitions.length === 0 ? '' : `had ${ranges(partitions)}` }
    rows.push([{ text: name, small: address ?? '' }, left, ...figures(undefined), had, NONE])
  }
  const total = rows.length > 1
  if (total) rows.push(['All that answer', '', ...figures(group.total), '', ''])
  const none =
    s.state === 'draining'
      ? 'This instance has left the group.'
      : 'Not known now: the group is rebalancing, or its coordinator does not answer.'
  table('members', 'Records a second; the links lead to their pages.', heads, rows, { none, total })
}

function paceCells(pace, joins) {
  if (pace === undefined) return Array(joins ? 7 : 5).fill(NONE)
  const { facts, output, lagRecords, lagMs, latencyP99Ms, rejects, late, unmatched } = pace
  const lag = { text: or(lagRecords, count), small: or(lagMs, span) }
  return [
    rate(facts),
    rate(output),
    lagRecords === null ? NONE : lag,
    or(latencyP99Ms, latency),
    { text: rate(rejects), alert: rejects > 0 },
    ...(joins ? [{ text: rate(late), alert: late > 0 }, rate(unmatched)] : []),
  ]
}

function rejects(s) {
  const { shown, records } = s.access
  const where = ({ topic, last }) => {
    if (last === null) return topic
    return last.offset < 0 ? topic : `${topic}-${last.partition} @ ${last.offset}`
  }
  const open = ['Reason', 'Records', 'Last', 'Where', 'Key', 'Value begins', 'Why']
  const rows = s.rejectKinds.map((kind) => {
    const { reason, stage, count: n, last } = kind
    const seen = { text: ago(last?.at, s.at), small: last ? clock(last.at) : '' }
    const cells = [{ text: reason, small: `at ${stage}` }, count(n), seen, where(kind)]
    if (!shown) return cells
    const value = { text: or(last?.value, String), long: true }
    return [...cells, or(last?.key, String), value, { text: or(last?.error, String), long: true }]
  })
  const hidden = records === 'nobody' ? 'http.readToken is off' : 'the token opens them'
  const about = `Each with its last one; all are in ${s.topology.rejects.topic}.${shown ? '' : ` Keys and contents are hidden: ${hidden}.`}`
  const none = 'None since the start.'
  table('rejects', about, shown ? open : open.slice(0, 4), rows, { none, words: true })
}

function tasks(s) {
  const joins = s.topology.join !== null
  const waits = s.topology.dimensions.some(({ waitMs }) => waitMs > 0)
  const rows = s.tasks.map((task) => [
    numberOf(s, task),
    task.restore === null ? stateOf(task) : progress('restoring ', task.restore),
    or(task.lag.facts, count),
    ...(joins
      ? windowCells(task, s.at)
      : [task.offsets.facts < 0 ? NONE : exact(task.offsets.facts)]),
    ...(waits ? [waiting(task)] : []),
  ])
  const own = joins ? ['Lag facts', ...OF_WINDOW] : ['Lag', 'Next offset']
  const heads = ['Task', 'State', ...own, ...(waits ? ['Wait for a row'] : [])]
  const of = `Of ${s.topology.partitions ?? '?'} partitions`
  const times = joins ? `${of}; times are event times.` : `${of}.`
  const between = internalTopics(s.topology).lefts.filter((topic) => topic !== undefined)
  const ways = [...s.repartition.map(onTheWay), ...between.map((topic) => isWaiting(s, topic))]
  const about = [times, ...ways].join(' ')
  table('tasks', about, heads, rows, { none: 'No task is here now.' })
}

/** A partition's; with what its stage does, where not all do the same. */
function numberOf({ topology: { stages } }, { stage, partition }) {
  if (stages.length === 1) return partition
  const { topics, joins } = stages[stage]
  const isOnly = stages.filter((one) => one.joins.length > 0).length === 1
  const joined = isOnly ? 'joins' : `joins ${joins.join(', ')}`
  return { text: partition, small: joins.length > 0 ? joined : `repartitions ${topics.join(', ')}` }
}

/** A stage that facts do not wait in keeps none. */
const waiting = ({ waiting: all }) =>
  all === null
    ? NONE
    : { text: count(all.facts), small: all.oldestMs === null ? '' : `up to ${span(all.oldestMs)}` }

/** A fact may wait until a dimension was read past its time. */
function stateOf({ state, waits }) {
  if (!waits) return state
  const { dimension, topic, partition, behind, ms } = waits
  const rows = `${topic}-${partition}, ${count(behind)} behind, for ${span(ms)}`
  return { text: `waits for rows of ${dimension}`, small: rows }
}

/** What of a side has not come to the join yet. */
const onTheWay = ({ from, topic, lag }) =>
  `By ${topic}: ${count(lag.from)} of ${from} wait before it, ${count(lag.topic)} in it.`

/** What was joined, and has not come to the next join. */
const isWaiting = ({ lags }, topic) => `In ${topic}: ${count(lags[topic] ?? 0)} wait.`

const OF_WINDOW = [
  'Lag right',
  'Stream time',
  'Behind now',
  'Window left',
  'Window right',
  'Segments',
  'Memory',
]
const windowCells = ({ lag, streamTime, window }, now) => [
  or(lag.right, count),
  clock(streamTime),
  or(streamTime, (time) => span(now - time)),
  or(window?.left, count),
  or(window?.right, count),
  or(window?.segments, String),
  or(window?.bytes, bytes),
]

function progress(what, { percent: part, secondsLeft }) {
  const left = secondsLeft === null ? '' : `, ${span(secondsLeft * 1000)} left`
  return { bar: part, of: 100, text: `${what}${part} %${left}` }
}

function dimensions(s) {
  const heads = [
    'Dimension',
    'State',
    'Rows',
    'Memory',
    'Last row',
    'Behind',
    'Look-ups',
    'Found',
    'Most missed',
  ]
  const rows = s.dimensions.map((d, i) => [
    d.name,
    d.ready ? 'read' : d.bootstrap ? progress('', d.bootstrap) : 'waiting',
    { text: or(d.rows, count), small: versions(d.asOf) },
    or(d.bytes, bytes),
    ago(d.lastUpdateAt, s.at),
    or(d.stalenessMs, span),
    rate(s.pace.lookUps[i]),
    found(d, s.pace.missed[i], s.pace.lookUps[i]),
    { text: missed(d, s.access), long: true },
  ])
  const about = 'Behind: how long ago all that was in the topic is known to have been read.'
  table('dimensions', about, heads, rows, { none: 'The pipeline has no dimension.' })
}

/** Of a dimension that is looked up as of a time. */
function versions(asOf) {
  if (!asOf) return ''
  const late = asOf.late === 0 ? '' : `, ${count(asOf.late)} late`
  const before = asOf.beforeHistory === 0 ? '' : `, ${count(asOf.beforeHistory)} facts before them`
  return `${count(asOf.versions)} versions${late}${before}`
}

/** Of the last seconds: a day in which all were found says nothing of now. */
const found = ({ hits, misses }, missing, lookUps) => ({
  text: percent(lookUps - missing, lookUps),
  small: hits + misses === 0 ? '' : `${percent(hits, hits + misses)} since the start`,
  alert: lookUps > 0 && missing === lookUps,
})

function missed({ topMissing = [] }, { shown }) {
  if (!shown) return 'hidden'
  return (
    topMissing
      .slice(0, 3)
      .map(({ key, count: n }) => `${key} (${count(n)})`)
      .join(', ') || NONE
  )
}

function join(s) {
  const { facts, output, unmatched } = s.counts
  const each = facts === 0 ? NONE : (Math.max(0, output - unmatched) / facts).toFixed(3)
  const rows = s.join.map(({ join: name, side, hits, misses, unmatched: alone }) => [
    name === undefined ? side : `${name}, ${side}`,
    count(hits),
    count(misses),
    percent(hits, hits + misses),
    count(alone),
  ])
  table(
    'join',
    `Whether the other side was there when a record came. Matches per fact: ${each}.`,
    ['Side', 'Found', 'Not yet', 'Ratio', 'Without a match'],
    rows,
  )
}

function delays(s) {
  // Buckets of both sides: those whose left record was first, those whose right one was.
  const buckets = new Map()
  for (const { side, delays: all = [] } of s.join) {
    const first = side === 'left' ? 0 : 1
    for (const { uptoMs, count: n } of all) {
      if (!buckets.has(uptoMs)) buckets.set(uptoMs, [0, 0])
      buckets.get(uptoMs)[first] += n
    }
  }
  const seen = [...buckets].sort(([x], [y]) => x - y)
  byId('delays').hidden = seen.length === 0
  const most = Math.max(1, ...seen.flatMap(([, counts]) => counts))
  const rows = seen.map(([uptoMs, counts]) => [
    span(uptoMs),
    ...counts.map((n) => ({ bar: n, of: most, text: count(n) })),
  ])
  table('delays', 'Of their event times.', ['Up to', 'Left first', 'Right first'], rows)
}

function epochs({ epochs: e, pace, rebalances, counts, at }) {
  const rows = [
    ['Committed', count(e.committed)],
    ['Aborted', count(e.aborted)],
    ['A second', pace.epochs.toFixed(1)],
    ['Last commit', ago(e.lastAt, at)],
    ['Median, of the last 512', or(e.p50Ms, span)],
    ['99 % within', or(e.p99Ms, span)],
    ['Rebalances', count(rebalances)],
    ['Dropped: no row; other type', `${count(counts.missing)}; ${count(counts.otherType)}`],
    ['Not taken by where', count(counts.filtered)],
    ...changes(counts),
  ]
  table('epochs', 'What one Kafka transaction holds, of all tasks.', ['Figure', 'Now'], rows)
}

function memory({ memory: { parts, limits, heapUsed, rss }, disk }) {
  const held = Object.entries(parts).map(([part, size]) => {
    const most = limits[part]
    if (most === undefined) return [part, bytes(size)]
    return [part, { bar: size, of: most, text: `${bytes(size)} of ${bytes(most)}` }]
  })
  const stored = Object.entries(disk).map(([store, size]) => [`disk: ${store}`, bytes(size)])
  const about = `JavaScript heap ${bytes(heapUsed)}; the process ${bytes(rss)}.`
  table('memory', about, ['Part', 'Holds'], [...held, ...stored])
}

/** Of events in envelopes, where there are any. */
const changes = ({ deletions, passedOver }) =>
  deletions + passedOver > 0
    ? [['Rows deleted; no row in the event', `${count(deletions)}; ${count(passedOver)}`]]
    : []
