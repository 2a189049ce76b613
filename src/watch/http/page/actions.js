/** What the page can tell the instance to do, for who has the token. */
import { $, byId, make } from './elements.js'
import { ask, enter, forget, hasToken, look, rights } from './token.js'
import { count } from './words.js'

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']
/** What the buttons depend on, as they are. */
let drawn = ''
let looked = false

/** @param again asks for the status anew */
export async function actions(s, again) {
  const section = byId('actions')
  section.hidden = !s.access.acts && s.access.records !== 'token'
  if (section.hidden) return
  if (!looked && hasToken()) {
    looked = true
    // Of another instance before, or changed since.
    await look(s.access).catch(() => {})
    if (!rights.acts && !rights.reads) forget()
  }
  const key = JSON.stringify([s.state, rights, s.access, storesOf(s).length === 0])
  if (key === drawn) return
  drawn = key
  section.replaceChildren(...buttons(s, again))
}

function buttons(s, again) {
  const button = (text, of) => {
    const at = make('button', { type: 'button' }, text)
    at.addEventListener('click', () => confirm(of(), again))
    return at
  }
  if (!hasToken()) {
    const opens = s.access.acts
      ? 'pause, resume, drain, rebuild, log level'
      : 'keys and contents of records'
    const about = make('span', { class: 'soft' }, `It opens: ${opens}.`)
    return [button('Enter the token …', () => entering(s)), about]
  }
  const forgetting = make('button', { type: 'button' }, 'Forget the token')
  forgetting.addEventListener('click', () => {
    forget()
    again()
  })
  if (!rights.acts) return [make('span', { class: 'soft' }, 'The token opens records.'), forgetting]
  const level = button(`Log level: ${rights.level} …`, () => levelling())
  if (s.state === 'draining') return [level, forgetting]
  const pausing =
    s.state === 'paused' ? button('Resume …', () => resuming()) : button('Pause …', () => pause(s))
  return [
    pausing,
    button('Drain …', () => draining(s)),
    ...(storesOf(s).length === 0 ? [] : [button('Rebuild a store …', () => rebuilding(s))]),
    level,
    forgetting,
  ]
}

// ── what each says before it is done ───────────────────────────────────────────
const entering = (s) => ({
  title: 'Enter the token',
  what: 'That of http.token, or of http.readToken for records alone. It is kept until this tab is closed.',
  button: 'Enter',
  field: 'Token',
  work: (token) => enter(token, s.access),
})

const post = (path) => () => ask(path, { method: 'POST' })
const tasksOf = (s) => (s.tasks.length === 1 ? 'its task' : `its ${count(s.tasks.length)} tasks`)

const pause = (s) => ({
  title: `Pause ${s.instance}?`,
  what: `It takes and fetches nothing until somebody resumes it. It keeps its place in the group, so nobody else takes ${tasksOf(s)}: their records wait, and lag grows. Nothing is lost.`,
  button: 'Pause',
  work: post('/admin/pause'),
})

const resuming = () => ({
  title: 'Resume?',
  what: 'It goes on where it was paused, and takes what has come meanwhile as fast as it can.',
  button: 'Resume',
  work: post('/admin/resume'),
})

const draining = (s) => ({
  title: `Drain ${s.instance}?`,
  what: `It commits and leaves the group for good: the other instances take ${tasksOf(s)}, or nobody does where there is no other. It cannot be undone here: it works again only once its process is started anew.`,
  button: 'Drain',
  work: post('/admin/drain'),
})

/** Stages that join keep them, and the last one what waits: of a partition they are one. */
const windowsOf = ({ tasks, topology: { stages } }) => {
  const keeps = ({ stage }) => stages[stage].joins.length > 0 || stages[stage].to === null
  return new Set(tasks.filter(keeps).map(({ partition }) => `window-${partition}`))
}

const storesOf = (s) => [
  ...s.dimensions.map(({ name }) => name),
  ...(s.topology.changelog === null ? [] : windowsOf(s)),
]

const rebuilding = (s) => ({
  title: 'Rebuild a store?',
  what: `A dimension is read again from its topic, and all facts of this instance wait meanwhile. ${s.topology.changelog === null ? '' : 'A window’s store is put aside and restored from the changelog, and its task waits meanwhile. '}Nothing is lost.`,
  button: 'Rebuild',
  choice: 'Store',
  choices: storesOf(s),
  work: (store) => ask(`/admin/stores/${encodeURIComponent(store)}/rebuild`, { method: 'POST' }),
})

const levelling = () => ({
  title: 'Set the log level?',
  what: 'Lines of this level and above are printed until it is set again, or the process ends. The warnings on this page stay as they are.',
  button: 'Set',
  choice: 'Level',
  choices: LEVELS,
  chosen: rights.level,
  async work(level) {
    const body = JSON.stringify({ level })
    rights.level = (await ask('/admin/loggers/root', { method: 'PUT', body })).level
  },
})

// ── the dialog ─────────────────────────────────────────────────────────────────
function confirm({ title, what, button, field, choice, choices = [], chosen, work }, again) {
  const dialog = byId('ask')
  const form = $('form', dialog)
  const [input, select] = [$('input', form), $('select', form)]
  const [submit, cancel, fault] = [$('[type=submit]', form), $('.cancel', form), $('.fault', form)]
  $('h2', form).textContent = title
  $('.what', form).textContent = what
  submit.textContent = button
  fault.textContent = ''
  for (const [at, name] of [
    [input, field],
    [select, choice],
  ]) {
    at.closest('label').hidden = name === undefined
    $('span', at.closest('label')).textContent = name ?? ''
  }
  input.value = ''
  select.replaceChildren(...choices.map((value) => make('option', {}, value)))
  if (chosen !== undefined) select.value = chosen
  cancel.onclick = () => dialog.close()
  form.onsubmit = async (event) => {
    event.preventDefault()
    submit.disabled = true
    try {
      await work(field === undefined ? select.value : input.value)
      dialog.close()
      again()
    } catch (error) {
      fault.textContent = `${error.message}.`
    } finally {
      submit.disabled = false
    }
  }
  dialog.showModal()
}
