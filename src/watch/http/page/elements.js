/** Elements and tables. They, and their text, are only touched where they change: selection, focus and readers stay. */
const SVG = 'http://www.w3.org/2000/svg'
const HTML = 'http://www.w3.org/1999/xhtml'
/** Columns of figures that a phone has room for. */
const MOST_NARROW = 4
const OF_SVG = new Set(['svg', 'g', 'rect', 'path', 'text', 'title', 'desc'])

export const $ = (selector, from = document) => from.querySelector(selector)
export const byId = (id) => document.getElementById(id)

export function setText(element, text) {
  if (element.textContent !== text) element.textContent = text
}

export function setAttribute(element, name, value) {
  if (element.getAttribute(name) !== value) element.setAttribute(name, value)
}

/** Text with marked-up parts: what stands between two backticks is code. */
export function setMarked(element, text) {
  const parts = text.split('`')
  if (element.textContent === parts.join('')) return
  element.replaceChildren(...parts.map((part, i) => (i % 2 === 0 ? part : make('code', {}, part))))
}

export function make(name, attributes = {}, ...children) {
  const element = document.createElementNS(OF_SVG.has(name) ? SVG : HTML, name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

/** As many children as there are entries; `set` brings one up to date. */
export function list(parent, entries, create, set) {
  while (parent.children.length > entries.length) parent.lastChild.remove()
  for (const [i, entry] of entries.entries()) {
    set(parent.children[i] ?? parent.appendChild(create()), entry)
  }
}

/**
 * A table in a section; one of many columns is a list of cards on a phone.
 * @param rows of cells: text, or `{ text }` with `href`, `small` (a second line), `bar` and `of`, or `long`; `alert`, or `warn`, for its colour
 * @param options `none`: what is said where there is no row; `words`: cells are text; `total`: the last row is one
 */
export function table(id, caption, heads, rows, { none = '', words = false, total = false } = {}) {
  const section = byId(id)
  let box = $('.scroll', section)
  if (box?.dataset.heads !== heads.join()) {
    const name = $('h2', section).textContent
    const head = make('tr', { role: 'row' })
    head.append(...heads.map((text) => make('th', { scope: 'col', role: 'columnheader' }, text)))
    const body = make('tbody', { role: 'rowgroup' })
    const attributes = {
      class: [words ? 'words' : '', heads.length > MOST_NARROW || words ? 'cards' : ''].join(' '),
      'aria-label': name,
      role: 'table',
    }
    const all = make('table', attributes, make('thead', { role: 'rowgroup' }, head), body)
    const next = make(
      'div',
      { class: 'scroll', tabindex: '0', role: 'group', 'aria-label': name },
      all,
    )
    next.dataset.heads = heads.join()
    if (box === null) section.append(make('p', { class: 'about' }), next)
    else box.replaceWith(next)
    box = next
  }
  box.hidden = rows.length === 0
  const about = $('.about', section)
  setText(about, rows.length === 0 ? none : caption)
  about.hidden = about.textContent === ''
  list(
    $('tbody', box),
    rows,
    () => make('tr', { role: 'row' }),
    (row, cells) => fill(row, cells, heads),
  )
  $('tbody', box).classList.toggle('total', total)
}

function fill(row, cells, heads) {
  for (const [c, cell] of cells.entries()) {
    const at = row.children[c] ?? row.appendChild(cellOf(c, heads[c]))
    setCell(at, typeof cell === 'object' ? cell : { text: String(cell) })
  }
}

const cellOf = (c, head) =>
  c === 0
    ? make('th', { scope: 'row', role: 'rowheader', 'data-label': head })
    : make('td', { role: 'cell', 'data-label': head })

function setCell(
  at,
  { text, small = '', href, bar, of, long = false, alert = false, warn = false },
) {
  at.classList.toggle('long', long)
  at.classList.toggle('alert', alert)
  at.classList.toggle('warn', warn)
  const kind = bar === undefined ? (href === undefined ? 'span' : 'a') : 'progress'
  if (at.dataset.kind !== kind) {
    at.dataset.kind = kind
    const parts = kind === 'progress' ? [make('span'), make('progress')] : [make(kind)]
    at.replaceChildren(make('div', {}, ...parts, make('small')))
  }
  setText($('a, span', at), text)
  setText($('small', at), small)
  if (kind === 'a') setAttribute($('a', at), 'href', href)
  if (kind !== 'progress') return
  const meter = $('progress', at)
  meter.max = of || 1
  meter.value = bar
  setAttribute(meter, 'aria-label', text)
}
