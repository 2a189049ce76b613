/** Where the boxes and arrows of the picture are. */

/** Where nodes are: a row of boxes from left to right, or, on a phone, from top to bottom. */
export const layout = (topology, narrow) => (narrow ? column(topology) : row(topology))

/** Boxes and arrows, and what adds one of them. */
function drawing() {
  const nodes = {}
  const edges = []
  const box = (id, kind, title, x, y, w, h, topic = true) => {
    nodes[id] = { id, kind, title, x, y, w, h, topic }
  }
  const edge = (id, from, fromSide, to, toSide) => edges.push({ id, from, fromSide, to, toSide })
  // Through another box, where there is one.
  const by = (via, id, from, fromSide, to, toSide) => {
    if (via === '') edge(id, from, fromSide, to, toSide)
    else {
      edge(id, from, fromSide, via, toSide)
      edge(`${id}-on`, via, fromSide, to, toSide)
    }
  }
  return { nodes, edges, box, edge, by }
}

/** One by its window, several each by its name. */
export const joinsOf = ({ join, joins, right }) =>
  joins ?? (join === null ? [] : [{ ...join, topic: right.topic }])

/** Of a join's box: one that has a name tells what it has found, too. */
const joinHeight = ({ name }) => (name === undefined ? 84 : 122)

/**
 * The internal topics between boxes, by what they bring: facts to their first join, or to their look-ups before it; each join's right
 * stream; and to each join what was joined before, where that is keyed otherwise. undefined: none.
 */
export function internalTopics(topology) {
  const { stages = [], repartition = [], dimensions } = topology
  const joins = joinsOf(topology)
  const of = (side) => repartition.find((one) => one.side === side)?.topic
  const joining = stages.filter((stage) => stage.joins.length > 0)
  const before = ({ name }) => joining.slice(1).find((stage) => stage.joins[0] === name)?.topics[0]
  const facts = of('left')
  const on = joins[0]?.on?.left ?? ''
  return {
    facts,
    // By a column of a dimension they are joined once they have it.
    isLookedUp: facts !== undefined && dimensions.some(({ name }) => on.startsWith(`${name}.`)),
    rights: joins.map(({ name = 'right' }) => of(name)),
    lefts: joins.map(before),
  }
}

/** Ids of the boxes of internal topics, with their topics. */
export function internalBoxes(topology) {
  const { facts, rights, lefts } = internalTopics(topology)
  const all = [
    ['facts', facts],
    ...rights.map((topic, j) => [`right${j}`, topic]),
    ...lefts.map((topic, j) => [`left${j}`, topic]),
  ]
  return all.flatMap(([what, topic]) => (topic === undefined ? [] : [[`via-${what}`, topic]]))
}

const VIA = 'internal topic'
/** How much further apart two boxes are that have an internal topic between them. */
const VIA_SHIFT = 195
const VIA_WIDTH = 150
/** It tells what waits, and what is kept. */
const VIA_HEIGHT = 84

function column(topology) {
  const { dimensions } = topology
  const joins = joinsOf(topology)
  const inner = internalTopics(topology)
  const { nodes, edges, box, edge, by } = drawing()
  const w = 140
  const h = 66
  const right = 216
  const pitch = 104
  const isBefore = inner.facts !== undefined && !inner.isLookedUp
  const rows = Math.max(isBefore ? 3 : 2, dimensions.length)
  const below = 8 + rows * pitch
  let y = below
  const via = (what, topic) => {
    if (topic === undefined) return
    box(`via-${what}`, VIA, topic, 4, y, w, VIA_HEIGHT)
    y += VIA_HEIGHT + 40
  }
  box('facts', 'facts', topology.facts.topic, 4, 8, w, h)
  if (isBefore) box('via-facts', VIA, inner.facts, 4, below - 2 * pitch - 9, w, VIA_HEIGHT)
  box('enrich', 'look up', lookedUp(dimensions), 4, below - pitch, w, h, false)
  for (const [i, d] of dimensions.entries())
    box(`d${i}`, 'dimension', d.name, right, 8 + i * pitch, w, h)
  if (inner.isLookedUp) via('facts', inner.facts)
  for (const [j, join] of joins.entries()) {
    via(`left${j}`, inner.lefts[j])
    const high = joinHeight(join)
    if (inner.rights[j] === undefined)
      box(`right${j}`, 'right stream', join.topic, right, y + (high - h) / 2, w, h)
    else {
      box(`right${j}`, 'right stream', join.topic, right, y, w, h)
      y += h + 40
      box(`via-right${j}`, VIA, inner.rights[j], right, y, w, VIA_HEIGHT)
      y -= (high - VIA_HEIGHT) / 2
    }
    box(`join${j}`, `${join.kind} join`, join.name ?? 'window', 4, y, w, high, false)
    y += high + 40
  }
  box('output', 'output', outputTitle(topology), 4, y, w, h)
  box('rejects', 'rejects', topology.rejects.topic, right, y, w, h)
  by(isBefore ? 'via-facts' : '', 'facts', 'facts', 'bottom', 'enrich', 'top')
  for (const [i] of dimensions.entries()) edge(`d${i}`, `d${i}`, 'left', 'enrich', 'right')
  for (const [j] of joins.entries()) {
    by(viaLeft(inner, j), `left${j}`, beforeJoin(j), 'bottom', `join${j}`, 'top')
    if (inner.rights[j] === undefined) edge(`right${j}`, `right${j}`, 'left', `join${j}`, 'right')
    else {
      edge(`right${j}`, `right${j}`, 'bottom', `via-right${j}`, 'top')
      edge(`right${j}-on`, `via-right${j}`, 'left', `join${j}`, 'right')
    }
  }
  const last = beforeJoin(joins.length)
  edge('output', last, 'bottom', 'output', 'top')
  // From above: on the left it would pass behind the output.
  edge('rejects', last, 'bottom', 'rejects', 'top')
  return { nodes, edges, w: 360, h: y + 76 }
}

/** From one join to the next: nobody counts what flows there. */
const JOIN_PITCH = 250

function row(topology) {
  const { dimensions } = topology
  const joins = joinsOf(topology)
  const inner = internalTopics(topology)
  const { nodes, edges, box, edge, by } = drawing()
  const y = dimensions.length === 0 ? 20 : 146
  /** In the middle of the gap before `x`, which it widens. */
  const via = (what, topic, x, gap = 100) => {
    if (topic === undefined) return x
    const left = x - gap + (gap + VIA_SHIFT - VIA_WIDTH) / 2
    box(`via-${what}`, VIA, topic, left, y - 7, VIA_WIDTH, VIA_HEIGHT)
    return x + VIA_SHIFT
  }
  const isBefore = inner.facts !== undefined && !inner.isLookedUp
  const shift = isBefore ? VIA_SHIFT : 0
  const before = joins.length === 0 ? 455 : 310
  const enrichX = before + shift
  tables(dimensions, enrichX + 95, 1080 + shift, box)
  box('facts', 'facts', topology.facts.topic, 20, y, 190, 70)
  if (isBefore) via('facts', inner.facts, before)
  box('enrich', 'look up', lookedUp(dimensions), enrichX, y, 190, 70, false)
  let x = via('facts', inner.isLookedUp ? inner.facts : undefined, enrichX + 290)
  for (const [j, join] of joins.entries()) {
    x = via(`left${j}`, inner.lefts[j], x, JOIN_PITCH - 190)
    const high = joinHeight(join) + 2
    const top = y + 35 - high / 2
    const isVia = inner.rights[j] !== undefined
    box(`join${j}`, `${join.kind} join`, join.name ?? 'window', x, top, 190, high, false)
    if (isVia) box(`via-right${j}`, VIA, inner.rights[j], x + 20, y + 128, VIA_WIDTH, VIA_HEIGHT)
    // The only one stands aside, so that what it brings has a place.
    const [aside, under] = joins.length === 1 ? [290, isVia ? 7 : 0] : [0, isVia ? 112 : 0]
    box(`right${j}`, 'right stream', join.topic, x - aside, y + 128 + under, 190, 70)
    x += JOIN_PITCH
  }
  const out = joins.length === 0 ? 890 : x + 40
  box('output', 'output', outputTitle(topology), out, y, 190, 70)
  box('rejects', 'rejects', topology.rejects.topic, out, y + 128, 190, 70)
  by(isBefore ? 'via-facts' : '', 'facts', 'facts', 'right', 'enrich', 'left')
  for (const [i] of dimensions.entries()) edge(`d${i}`, `d${i}`, 'bottom', 'enrich', 'top')
  const aside = joins.length === 1 ? 'right' : 'top'
  for (const [j] of joins.entries()) {
    by(viaLeft(inner, j), `left${j}`, beforeJoin(j), 'right', `join${j}`, 'left')
    if (inner.rights[j] === undefined) edge(`right${j}`, `right${j}`, aside, `join${j}`, 'bottom')
    else {
      const side = aside === 'right' ? 'left' : 'bottom'
      edge(`right${j}`, `right${j}`, aside, `via-right${j}`, side)
      edge(`right${j}-on`, `via-right${j}`, 'top', `join${j}`, 'bottom')
    }
  }
  const last = beforeJoin(joins.length)
  edge('output', last, 'right', 'output', 'left')
  edge('rejects', last, joins.length > 1 ? 'right' : 'bottom', 'rejects', 'left')
  const deepest = joins.length > 1 && inner.rights.some((topic) => topic !== undefined) ? 112 : 0
  return { nodes, edges, w: out + 210, h: y + 210 + deepest }
}

/** The dimensions' boxes, above what looks them up, as far as there is room. */
function tables(dimensions, middle, end, box) {
  const n = dimensions.length
  const w = Math.min(190, (1060 - 14 * (n - 1)) / Math.max(1, n))
  const all = n * w + (n - 1) * 14
  const first = Math.max(20, Math.min(middle - all / 2, end - n * (w + 14)))
  for (const [i, d] of dimensions.entries())
    box(`d${i}`, 'dimension', d.name, first + i * (w + 14), 12, w, 70)
}

/** The box that the left side of a join comes by; '': it comes straight. */
const viaLeft = ({ facts, isLookedUp, lefts }, j) => {
  if (j === 0) return facts !== undefined && isLookedUp ? 'via-facts' : ''
  return lefts[j] === undefined ? '' : `via-left${j}`
}

const outputTitle = ({ outputs: [{ topic }, ...others] }) =>
  others.length === 0 ? topic : `${topic} + ${others.length}`

/** What the left side of a join comes out of. */
const beforeJoin = (j) => (j === 0 ? 'enrich' : `join${j - 1}`)

const lookedUp = ({ length }) => (length === 0 ? 'no dimension' : 'dimensions')

const OUT = { left: [-1, 0], right: [1, 0], top: [0, -1], bottom: [0, 1] }
function anchor({ x, y, w, h }, side, shift) {
  const [dx, dy] = OUT[side]
  return {
    x: x + w / 2 + (dx * w) / 2 + (dx === 0 ? shift : 0),
    y: y + h / 2 + (dy * h) / 2,
    dx,
    dy,
  }
}
export function curve(nodes, { id, from, fromSide, to, toSide }) {
  const isRight = id.startsWith('right')
  // Two that leave or reach a box on the same side keep apart.
  const shift =
    id === 'rejects' && fromSide === 'bottom' ? 40 : isRight && fromSide === 'right' ? -40 : 0
  const a = anchor(nodes[from], fromSide, id === 'rejects' ? shift : 0)
  const b = anchor(nodes[to], toSide, isRight ? shift : 0)
  const bend = Math.max(24, Math.hypot(b.x - a.x, b.y - a.y) / 2.2)
  // What goes down and far aside is not to pass below where it arrives, and come up again.
  const down = id === 'rejects' ? Math.min(bend, Math.abs(b.y - a.y)) : bend
  const points = [
    a.x,
    a.y,
    a.x + a.dx * bend,
    a.y + a.dy * down,
    b.x + b.dx * bend,
    b.y + b.dy * down,
    b.x,
    b.y,
  ]
  const [x0, y0, x1, y1, x2, y2, x3, y3] = points
  const middle = { x: (x0 + 3 * x1 + 3 * x2 + x3) / 8, y: (y0 + 3 * y1 + 3 * y2 + y3) / 8 }
  return { d: `M${x0} ${y0}C${x1} ${y1} ${x2} ${y2} ${x3} ${y3}`, middle }
}
