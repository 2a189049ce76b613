/** Asks the instance again and again, and shows what it answers. */
import { actions } from './actions.js'
import { byId, setText } from './elements.js'
import { picture } from './picture.js'
import { members, tables } from './tables.js'
import { tiles } from './tiles.js'
import { ask } from './token.js'
import { badge, head, others, outdated } from './verdict.js'

const EVERY_MS = 2000
const GROUP_MS = 4000
const HISTORY_MS = 10_000
/** The last answer of /v1/status, of /v1/group and of /v1/history; undefined before the first. */
let status
let group
let past
/** When an answer has come last; undefined: none yet. */
let heard

function show(s) {
  status = s
  head(s)
  tiles(s, past)
  picture(s)
  tables(s)
  if (group !== undefined) showGroup(s)
  void actions(s, poll)
}

function showGroup(s) {
  others(group, s.at)
  members(group, s)
}

async function poll() {
  try {
    show(await ask('/v1/status'))
    heard = Date.now()
    document.body.classList.remove('stale')
    setText(byId('lost'), '')
  } catch (error) {
    lost(error)
  }
}

/** What is shown is of the past. */
function lost(error) {
  document.body.classList.add('stale')
  badge('gone', status?.pipeline ?? location.host)
  if (status !== undefined) outdated(status)
  const when =
    heard === undefined ? '' : ` since ${new Date(heard).toISOString().slice(11, 19)} UTC`
  const old = heard === undefined ? '' : ' What is shown below is old.'
  setText(
    byId('lost'),
    `No answer from ${location.host}${when} (${error.message}). The process has ended, or the way to it is cut: look whether it runs, and at the last line of its log.${old} Asking again …`,
  )
}

/** A page that nobody sees asks nothing. */
async function repeat(everyMs, work) {
  for (;;) {
    await work()
    if (document.hidden) {
      await new Promise((resolve) =>
        document.addEventListener('visibilitychange', resolve, { once: true }),
      )
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs))
  }
}

/** Where it does not come, the status does not either, and says so. */
const quietly = (path, keep) => () => ask(path).then(keep, () => {})

addEventListener('resize', () => {
  if (status !== undefined) picture(status)
})
repeat(EVERY_MS, poll)
repeat(
  HISTORY_MS,
  quietly('/v1/history', (answer) => {
    past = answer
    if (status !== undefined) tiles(status, past)
  }),
)
repeat(
  GROUP_MS,
  quietly('/v1/group', (answer) => {
    group = answer
    if (status !== undefined) showGroup(status)
  }),
)
