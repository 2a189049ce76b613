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

function column(topology) {
  const { dimensions, join } = topology
  const { nodes, edges, box, edge } = drawing()
  const w = 140
  const h = 66
  const right = 216
  const pitch = 104
  const rows = Math.max(2, dimensions.length)
  const below = 8 + rows * pitch
  const outputY = join === null ? below : below + 124
  box('facts', named(topology, 'facts', 'left'), topology.facts.topic, 4, 8, w, h)
  box('enrich', 'look up', lookedUp(dimensions), 4, below - pitch, w, h, false)
  for (const [i, d] of dimensions.entries())
    box(`d${i}`, 'dimension', d.name, right, 8 + i * pitch, w, h)
  if (join !== null) {
    box('join', joinKind(topology), 'window', 4, below, w, h + 18, false)
    const what = named(topology, 'right stream', 'right')
    box('right', what, rightTitle(topology), right, below + 9, w, h)
  }
  box('output', 'output', outputTitle(topology), 4, outputY, w, h)
  box('rejects', 'rejects', topology.rejects.topic, right, outputY, w, h)
  edge('facts', 'facts', 'bottom', 'enrich', 'top')
  for (const [i] of dimensions.entries()) edge(`d${i}`, `d${i}`, 'left', 'enrich', 'right')
  if (join !== null) {
    edge('enriched', 'enrich', 'bottom', 'join', 'top')
    edge('right', 'right', 'left', 'join', 'right')
  }
  const last = join === null ? 'enrich' : 'join'
  edge('output', last, 'bottom', 'output', 'top')
  // From above: on the left it would pass behind the output.
  edge('rejects', last, 'bottom', 'rejects', 'top')
  return { nodes, edges, w: 360, h: outputY + 76 }
}

function row(topology) {
  const { dimensions, join } = topology
  const { nodes, edges, box, edge } = drawing()
  const n = dimensions.length
  const enrichX = join === null ? 455 : 310
  const dw = Math.min(190, (1060 - 14 * (n - 1)) / Math.max(1, n))
  const all = n * dw + (n - 1) * 14
  const first = Math.max(20, Math.min(enrichX + 95 - all / 2, 1080 - n * (dw + 14)))
  const y = n === 0 ? 20 : 146
  for (const [i, d] of dimensions.entries())
    box(`d${i}`, 'dimension', d.name, first + i * (dw + 14), 12, dw, 70)
  box('facts', named(topology, 'facts', 'left'), topology.facts.topic, 20, y, 190, 70)
  box('enrich', 'look up', lookedUp(dimensions), enrichX, y, 190, 70, false)
  if (join !== null) box('join', joinKind(topology), 'window', 600, y - 8, 190, 86, false)
  box('output', 'output', outputTitle(topology), 890, y, 190, 70)
  if (join !== null) {
    const what = named(topology, 'right stream', 'right')
    box('right', what, rightTitle(topology), 310, y + 128, 190, 70)
  }
  box('rejects', 'rejects', topology.rejects.topic, 890, y + 128, 190, 70)
  edge('facts', 'facts', 'right', 'enrich', 'left')
  for (const [i] of dimensions.entries()) edge(`d${i}`, `d${i}`, 'bottom', 'enrich', 'top')
  if (join !== null) {
    edge('enriched', 'enrich', 'right', 'join', 'left')
    edge('right', 'right', 'right', 'join', 'bottom')
  }
  const last = join === null ? 'enrich' : 'join'
  edge('output', last, 'right', 'output', 'left')
  edge('rejects', last, 'bottom', 'rejects', 'left')
  return { nodes, edges, w: 1100, h: y + 210 }
}

const outputTitle = ({ outputs: [{ topic }, ...others] }) =>
  others.length === 0 ? topic : `${topic} + ${others.length}`

const joinKind = ({ join, joins }) =>
  joins === undefined ? `${join.kind} join` : `${joins.length} joins`

const rightTitle = ({ right, joins = [] }) =>
  joins.length === 0 ? right.topic : `${right.topic} + ${joins.length - 1}`

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
  // Two that leave or reach a box on the same side keep apart.
  const shift =
    id === 'rejects' && fromSide === 'bottom' ? 40 : id === 'right' && toSide === 'bottom' ? -40 : 0
  const a = anchor(nodes[from], fromSide, id === 'rejects' ? shift : 0)
  const b = anchor(nodes[to], toSide, id === 'right' ? shift : 0)
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
