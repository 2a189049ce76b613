/** The pipeline as a picture: what flows where, and how much of it. */
import { $, byId, make, setText } from './elements.js'
import { curve, internalBoxes, joinsOf, layout } from './layout.js'
import { count, percent, rate, records, span } from './words.js'

let drawn = ''
function draw(topology) {
  const narrow = matchMedia('(max-width: 760px)').matches
  const key = JSON.stringify([narrow, topology])
  if (key === drawn) return
  drawn = key
  const { nodes, edges, w, h } = layout(topology, narrow)
  const svg = make('svg', {
    viewBox: `0 0 ${w} ${h}`,
    role: 'img',
    'aria-labelledby': 'picture-h picture-d',
  })
  svg.append(make('desc', { id: 'picture-d' }))
  const labels = []
  const titles = []
  for (const edge of edges) {
    const { d, middle } = curve(nodes, edge)
    const group = make(
      'g',
      { class: 'edge', id: `edge-${edge.id}` },
      make('path', { d }),
      make('path', { d, class: 'flow' }),
    )
    svg.append(group)
    labels.push(make('text', { x: middle.x, y: middle.y + 4, id: `label-${edge.id}` }))
  }
  for (const { id, kind, title, x, y, w, h, topic } of Object.values(nodes)) {
    const group = make('g', { class: `node ${topic ? 'topic' : ''}`, id: `node-${id}` })
    group.append(
      make('title', {}, `${kind} ${title}`),
      make('rect', { x, y, width: w, height: h, rx: topic ? 8 : 18 }),
    )
    group.append(make('text', { class: 'kind', x: x + 12, y: y + 18 }, kind))
    const name = make('text', { class: 'title', x: x + 12, y: y + 37 }, title)
    group.append(name)
    titles.push([name, title, w - 22])
    group.append(make('text', { class: 'more', x: x + 12, y: y + 55 }))
    // What more a join tells, as far as its box goes.
    for (let line = y + 73; line < y + h; line += 18) {
      group.append(make('text', { class: 'more', x: x + 12, y: line }))
    }
    svg.append(group)
  }
  const over = make('g', { class: 'edge' }, ...labels)
  svg.append(over)
  $('svg', byId('picture'))?.remove()
  byId('picture').append(svg)
  // The end of a long name tells more than its beginning.
  for (const [at, title, most] of titles) {
    for (let cut = 1; at.getComputedTextLength() > most; cut++)
      at.textContent = `…${title.slice(cut)}`
  }
}
function flow(id, perSecond, label = rate(perSecond)) {
  move(id, perSecond)
  // What comes by an internal topic goes on from there.
  if (byId(`edge-${id}-on`)) move(`${id}-on`, perSecond)
  setText(byId(`label-${id}`), label)
}
function move(id, perSecond) {
  const edge = byId(`edge-${id}`)
  edge.classList.toggle('flows', perSecond > 0)
  // Faster for more, by its order of magnitude; a path's style is not its markup, so the policy allows it.
  if (perSecond > 0)
    $('.flow', edge).style.animationDuration =
      `${(2.4 / (1 + Math.log10(1 + perSecond))).toFixed(1)}s`
}
const sumOf = (numbers) => numbers.reduce((sum, n) => sum + n, 0)
const more = (id, ...texts) => {
  const lines = byId(`node-${id}`).querySelectorAll('.more')
  for (const [i, line] of lines.entries()) setText(line, texts[i] ?? '')
}

// Who has no task does not know.
const lag = ({ tasks, lags }, topic) => (tasks.length === 0 ? '–' : count(lags[topic] ?? 0))

export function picture(s) {
  draw(s.topology)
  const { pace } = s
  flow('facts', pace.facts)
  flow('output', pace.output)
  flow('rejects', pace.rejects, pace.rejects > 0 ? rate(pace.rejects) : '')
  more('facts', `lag ${lag(s, s.topology.facts.topic)}`)
  more('output', records(s.counts.output))
  more('rejects', s.counts.rejects === 0 ? 'none' : records(s.counts.rejects))
  byId('node-rejects').classList.toggle('alert', pace.rejects > 0)
  joins(s)
  for (const [id, topic] of internalBoxes(s.topology)) {
    const kept = s.kept[topic]
    more(id, `lag ${lag(s, topic)}`, kept === undefined ? '' : `${count(kept)} kept`)
  }
  const foundOf = (missed, all) => percent(all - missed, all)
  const part = (d) => foundOf(pace.missed[d], pace.lookUps[d])
  s.dimensions.forEach((d, i) => {
    more(
      `d${i}`,
      d.ready
        ? `${count(d.rows)} rows`
        : d.bootstrap
          ? `reading, ${d.bootstrap.percent} %`
          : 'waiting',
    )
    flow(`d${i}`, pace.lookUps[i], part(i))
    byId(`node-d${i}`).classList.toggle(
      'alert',
      pace.lookUps[i] > 0 && pace.missed[i] === pace.lookUps[i],
    )
  })
  const [missed, all] = [pace.missed, pace.lookUps].map(sumOf)
  const waiting = sumOf(s.tasks.map((task) => task.waiting?.facts ?? 0))
  const parts = [
    all > 0 && `${foundOf(missed, all)} found`,
    waiting > 0 && `${count(waiting)} wait`,
  ]
  more('enrich', parts.filter(Boolean).join(', '))
  const found = s.dimensions.map(({ name }, d) => `${name} found ${part(d)}`).join(', ')
  const right = s.topology.join === null ? '' : `right stream ${rate(pace.right)}; `
  setText(
    byId('picture-d'),
    `Facts ${rate(pace.facts)}, ${found || 'no dimension'}; ${right}output ${rate(pace.output)}; rejects ${rate(pace.rejects)}.`,
  )
}

function joins(s) {
  const all = joinsOf(s.topology)
  for (const [j, one] of all.entries()) {
    // How much flows of each of several streams nobody counts; that it does is known.
    const [left, right] = all.length === 1 ? [] : ['', '']
    flow(`left${j}`, s.pace.enriched, j === 0 ? undefined : left)
    flow(`right${j}`, s.pace.right, right)
    more(`right${j}`, `lag ${lag(s, one.topic)}`)
    more(`join${j}`, within(one), waiting(s, one), ...outcome(s, one))
  }
}

function waiting({ tasks }, { name }) {
  const windows = tasks.flatMap((task) =>
    name === undefined
      ? (task.window ?? [])
      : (task.windows ?? []).filter(({ join }) => join === name),
  )
  if (windows.length === 0) return ''
  const held = sumOf(windows.map(({ left, right }) => left + right))
  return `${records(held)} ${held === 1 ? 'waits' : 'wait'}`
}

/** Of one of several joins: records that have found the other side, and those that came out without one. */
function outcome(s, { name, kind }) {
  if (name === undefined) return []
  const sides = s.join.filter((one) => one.join === name)
  const found = `${count(sumOf(sides.map(({ hits }) => hits)))} matched`
  const alone = `${count(sumOf(sides.map(({ unmatched }) => unmatched)))} unmatched`
  return kind === 'inner' ? [found] : [found, alone]
}

function within({ beforeMs, afterMs, graceMs, name }) {
  const window = beforeMs === afterMs ? span(afterMs) : `−${span(beforeMs)} +${span(afterMs)}`
  return name === undefined ? `${window}, grace ${span(graceMs)}` : window
}
