/** The token that was given, for as long as the tab is open, and what it opens. */
const KEY = 'stream-enricher-token'

/** `acts`: the admin requests, with the log's level as it was told. `reads`: records. */
export const rights = { acts: false, reads: false, level: '' }

export const headers = () => {
  const token = sessionStorage.getItem(KEY)
  return token === null ? {} : { authorization: `Bearer ${token}` }
}

export const hasToken = () => sessionStorage.getItem(KEY) !== null

/** @returns the answer's JSON. Throws with its sentence where it is none of success. */
export async function ask(path, options = {}) {
  const answer = await fetch(path, {
    ...options,
    headers: headers(),
    signal: AbortSignal.timeout(5000),
  })
  const json = await answer.json().catch(() => ({}))
  if (answer.ok) return json
  throw Object.assign(new Error(json.error ?? `It answers ${answer.status}`), {
    status: answer.status,
  })
}

/** Keeps a token that opens something. Throws where it opens nothing. */
export async function enter(token, access) {
  sessionStorage.setItem(KEY, token)
  await look(access)
  if (rights.acts || rights.reads) return
  forget()
  throw new Error('This instance does not know the token')
}

export function forget() {
  sessionStorage.removeItem(KEY)
  Object.assign(rights, { acts: false, reads: false, level: '' })
}

/** What the token opens now. */
export async function look({ acts, records }) {
  const opens = (path) =>
    ask(path).catch((error) => {
      if (error.status === 401) return undefined
      throw error
    })
  const loggers = acts ? await opens('/admin/loggers') : undefined
  rights.acts = loggers !== undefined
  rights.level = loggers?.root.level ?? ''
  rights.reads = records === 'token' && (await opens('/v1/rejects')) !== undefined
}
