/** `healthcheck [--url URL]`: asks a running service how it is; for containers, which have no curl. */

/** Whether a restart would help. Not `/readyz`: what restarts an unhealthy container would not let a restore end. */
const DEFAULT_URL = 'http://127.0.0.1:8080/livez'
const PATIENCE_MS = 4000

interface Health {
  readonly status: string
  readonly checks: readonly { readonly name: string; readonly status: string; detail: string }[]
}

/** Prints the service's status. Throws, with the checks that fail, where it is not well or does not answer. */
export async function healthcheck({ url = DEFAULT_URL }: { url?: string }): Promise<void> {
  const answer = await ask(url)
  if (!answer.ok) throw new Error(`${url}: ${await faults(answer)}`)
  process.stdout.write(`${url}: ok\n`)
}

async function ask(url: string): Promise<Response> {
  try {
    return await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS) })
  } catch (error) {
    const { cause, message } = error as Error
    const why = cause instanceof Error ? cause.message : message
    throw new Error(`${url} does not answer (${why}); --url names another address`)
  }
}

async function faults(answer: Response): Promise<string> {
  const health = (await answer.json().catch(() => undefined)) as Health | undefined
  const bad = health?.checks?.filter(({ status }) => status !== 'ok') ?? []
  if (bad.length === 0) return `HTTP status ${answer.status}`
  return bad.map(({ name, detail }) => `${name}: ${detail}`).join('; ')
}
