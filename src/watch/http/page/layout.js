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
  return { nodes, edges, box, edge }
}

/** One by its window, several each by its name. */
export const joinsOf = ({ join, joins, right }) =>
  joins ?? (join === null ? [] : [{ ...join, topic: right.topic }])

/** Of a join's box: one that has a name tells what it has found, too. */
const joinHeight = ({ name }) => (name === undefined ? 84 : 122)

function column(topology) {
  const { dimensions } = topology
  const joins = joinsOf(topology)
  const { nodes, edges, box, edge } = drawing()
  const w = 140
  const h = 66
  const right = 216
  const pitch = 104
  const rows = Math.max(2, dimensions.length)
  const below = 8 + rows * pitch
  let y = below
  box('facts', named(topology, 'facts', 'left'), topology.facts.topic, 4, 8, w, h)
  box('enrich', 'look up', lookedUp(dimensions), 4, below - pitch, w, h, false)
  for (const [i, d] of dimensions.entries())
    box(`d${i}`, 'dimension', d.name, right, 8 + i * pitch, w, h)
  for (const [j, join] of joins.entries()) {
    const high = joinHeight(join)
    box(`join${j}`, `${join.kind} join`, join.name ?? 'window', 4, y, w, high, false)
    box(`right${j}`, rightKind(topology, j), join.topic, right, y + (high - h) / 2, w, h)
    y += high + 40
  }
  box('output', 'output', outputTitle(topology), 4, y, w, h)
  box('rejects', 'rejects', topology.rejects.topic, right, y, w, h)
  edge('facts', 'facts', 'bottom', 'enrich', 'top')
  for (const [i] of dimensions.entries()) edge(`d${i}`, `d${i}`, 'left', 'enrich', 'right')
  for (const [j] of joins.entries()) {
    edge(`left${j}`, beforeJoin(j), 'bottom', `join${j}`, 'top')
    edge(`right${j}`, `right${j}`, 'left', `join${j}`, 'right')
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
  const wider = Math.max(0, joins.length - 1) * JOIN_PITCH
  const { nodes, edges, box, edge } = drawing()
  const n = dimensions.length
  const enrichX = joins.length === 0 ? 455 : 310
  const dw = Math.min(190, (1060 - 14 * (n - 1)) / Math.max(1, n))
  const all = n * dw + (n - 1) * 14
  const first = Math.max(20, Math.min(enrichX + 95 - all / 2, 1080 - n * (dw + 14)))
  const y = n === 0 ? 20 : 146
  for (const [i, d] of dimensions.entries())
    box(`d${i}`, 'dimension', d.name, first + i * (dw + 14), 12, dw, 70)
  box('facts', named(topology, 'facts', 'left'), topology.facts.topic, 20, y, 190, 70)
  box('enrich', 'look up', lookedUp(dimensions), enrichX, y, 190, 70, false)
  for (const [j, join] of joins.entries()) {
    const x = 600 + j * JOIN_PITCH
    const high = joinHeight(join) + 2
    const top = y + 35 - high / 2
    box(`join${j}`, `${join.kind} join`, join.name ?? 'window', x, top, 190, high, false)
    // The only one stands aside, so that what it brings has a place.
    const aside = joins.length === 1 ? 290 : 0
    box(`right${j}`, rightKind(topology, j), join.topic, x - aside, y + 128, 190, 70)
  }
  box('output', 'output', outputTitle(topology), 890 + wider, y, 190, 70)
  box('rejects', 'rejects', topology.rejects.topic, 890 + wider, y + 128, 190, 70)
  edge('facts', 'facts', 'right', 'enrich', 'left')
  for (const [i] of dimensions.entries()) edge(`d${i}`, `d${i}`, 'bottom', 'enrich', 'top')
  for (const [j] of joins.entries()) {
    edge(`left${j}`, beforeJoin(j), 'right', `join${j}`, 'left')
    edge(`right${j}`, `right${j}`, joins.length === 1 ? 'right' : 'top', `join${j}`, 'bottom')
  }
  const last = beforeJoin(joins.length)
  edge('output', last, 'right', 'output', 'left')
  edge('rejects', last, joins.length > 1 ? 'right' : 'bottom', 'rejects', 'left')
  return { nodes, edges, w: 1100 + wider, h: y + 210 }
}

const outputTitle = ({ outputs: [{ topic }, ...others] }) =>
  others.length === 0 ? topic : `${topic} + ${others.length}`

/** What the left side of a join comes out of. */
const beforeJoin = (j) => (j === 0 ? 'enrich' : `join${j - 1}`)

const rightKind = (topology, j) =>
  j === 0 ? named(topology, 'right stream', 'right') : 'right stream'

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

/** A side that comes by an internal topic says so. */
const named = ({ repartition = [] }, what, side) =>
  repartition.some((one) => (one.side === 'left') === (side === 'left'))
    ? `${what}, repartitioned`
    : what
