/** The figures of this instance, each with its last hour. */
import { $, byId, make, setText } from './elements.js'
import { bytes, count, latency, or, rate, records, span } from './words.js'

const WIDTH = 120
const HEIGHT = 26
const HOUR_MS = 3_600_000

/** Whether those that are there are a join's. */
let joined

/** @param past the answer of /v1/history; undefined before it has come */
export function tiles(s, past) {
  const { pace, counts, memory } = s
  const joins = s.topology.join !== null
  // Started anew with another pipeline file.
  if (joins !== joined) byId('tiles').replaceChildren()
  joined = joins
  // Within the first hour all that was counted is of it, also what no sample has yet.
  const hour = (name) => (s.at - s.since < HOUR_MS ? counts[name] : sumOf(past, name))
  tile('facts', 'Facts', rate(pace.facts), `${count(counts.facts)} since the start`, past?.facts)
  tile(
    'output',
    'Output',
    rate(pace.output),
    `${count(counts.output)} since the start`,
    past?.output,
  )
  tile(
    'latency',
    'Latency, 99 %',
    or(pace.latencyP99Ms, latency),
    pace.latencyP50Ms === null
      ? `no ${joins ? 'match' : 'fact'} came`
      : `median ${latency(pace.latencyP50Ms)}`,
    past?.latencyP99Ms,
  )
  tile(
    'lag',
    'Lag',
    or(pace.lagMs, span),
    pace.lagRecords === null ? 'not known' : `${records(pace.lagRecords)} not committed yet`,
    past?.lagMs,
  )
  lossTile('rejects', 'Rejects', pace.rejects, hour('rejects'), past?.rejects)
  if (joins) {
    lossTile('late', 'Late', pace.late, hour('late'), past?.late)
    lossTile('unmatched', 'Unmatched', pace.unmatched, hour('unmatched'), past?.unmatched)
  }
  tile('memory', 'Memory', bytes(memory.rss), `of ${bytes(memory.limits.limit)}`)
  // A record without a match is no fault: the others are.
  for (const name of ['rejects', 'late']) {
    byId(`tile-${name}`)?.classList.toggle('alert', pace[name] > 0)
  }
}

const lossTile = (id, name, perSecond, inHour, values) =>
  tile(
    id,
    name,
    rate(perSecond),
    inHour === undefined ? '' : `${count(inHour)} in the last hour`,
    values,
  )

/** Records in the hour, from how many came a second. */
function sumOf(past, name) {
  if (past === undefined) return undefined
  return Math.round(past[name].reduce((sum, value) => sum + value, 0) * (past.everyMs / 1000))
}

function tile(id, name, text, small, values) {
  let at = byId(`tile-${id}`)
  if (at === null) {
    const figure = make('dd', {}, make('span'), make('small'))
    at = make('dl', { class: 'tile', id: `tile-${id}` }, make('dt', {}, name), figure)
    const viewBox = `0 0 ${WIDTH} ${HEIGHT}`
    at.append(
      make('svg', { viewBox, preserveAspectRatio: 'none', 'aria-hidden': 'true' }, make('path')),
    )
    byId('tiles').append(at)
  }
  setText($('dd span', at), text)
  setText($('small', at), small)
  $('svg', at).classList.toggle('empty', values === undefined || values.length < 2)
  if (values !== undefined) $('path', at).setAttribute('d', lineOf(values))
}

/** An hour from left to right; what is not known is a gap. */
function lineOf(values) {
  const most = Math.max(1e-9, ...values.filter((value) => value !== null))
  const step = WIDTH / Math.max(1, values.length - 1)
  let pen = 'M'
  return values
    .map((value, i) => {
      if (value === null) {
        pen = 'M'
        return ''
      }
      const point = `${pen}${(i * step).toFixed(1)} ${(HEIGHT - 2 - ((HEIGHT - 4) * value) / most).toFixed(1)}`
      pen = 'L'
      return point
    })
    .join('')
}
