/** The probes: what Kubernetes asks, and what a person reads with `?verbose`. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

export interface Check {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** How far something is that has an end, 0 to 100, and the seconds that are left, where they can be told. */
  readonly percent?: number
  readonly secondsLeft?: number | null
  /** A short absence of this is no reason to be taken out of service. */
  readonly passing?: boolean
}

/** A rebalance, and the restores after it, may take this long before the instance counts as not ready. */
const GRACE_MS = 60_000

export interface Probes {
  live(): readonly Check[]
  ready(): readonly Check[]
  started(): readonly Check[]
}

/** Adds to `live` and `ready` what depends on how it was before. */
export class Health implements Probes {
  readonly #live: () => readonly Check[]
  readonly #ready: () => readonly Check[]
  readonly #now: () => number
  /** When `passing` checks have begun to fail, once the instance has been ready. */
  #absentSince: number | undefined
  #wasReady = false

  constructor(
    live: () => readonly Check[],
    ready: () => readonly Check[],
    now: () => number = () => performance.now(),
  ) {
    this.#live = live
    this.#ready = ready
    this.#now = now
  }

  live(): readonly Check[] {
    return this.#live()
  }

  ready(): readonly Check[] {
    const checks = this.#ready()
    const failed = checks.filter(({ ok }) => !ok)
    if (failed.length === 0) {
      this.#wasReady = true
      this.#absentSince = undefined
      return checks
    }
    const now = this.#now()
    if (!this.#wasReady || failed.some(({ passing }) => !passing)) return checks
    this.#absentSince ??= now
    const seconds = Math.round((now - this.#absentSince) / 1000)
    if (now - this.#absentSince > GRACE_MS) return checks
    return checks.map((check) =>
      check.ok ? check : { ...check, ok: true, detail: `${check.detail}, for ${seconds} s` },
    )
  }

  /** Ready once: a start is done for good. Kubernetes asks nothing else until it is. */
  started(): readonly Check[] {
    const waits = this.ready().filter(({ ok }) => !ok)
    if (this.#wasReady) return [{ name: 'start', ok: true, detail: 'done' }]
    const detail = waits.map((check) => `${check.name}: ${check.detail}`).join('; ')
    return [{ name: 'start', ok: false, detail }]
  }
}

/** `/livez` and its alias `/healthz`, `/readyz`, `/startupz`: 200 or 503. */
export function healthRoutes(app: FastifyInstance, probes: Probes): void {
  const routes = [
    ['/livez', 'live', 'Fails only for what a restart cures.'],
    ['/healthz', 'live', 'The same as /livez.'],
    ['/readyz', 'ready', 'Whether it does its work; how far it is on the way there.'],
    ['/startupz', 'started', 'Whether the start is done: 503 until it was ready once.'],
  ] as const
  for (const [path, probe, summary] of routes) {
    const answer = { description: summary, ...CHECKS }
    const schema = {
      operationId: path.slice(1),
      summary,
      tags: ['health'],
      querystring: VERBOSE,
      response: { 200: answer, 503: answer },
    }
    app.get(path, { schema }, (request, reply) => send(path, probes[probe](), request, reply))
  }
}

function send(
  path: string,
  checks: readonly Check[],
  request: FastifyRequest,
  reply: FastifyReply,
): FastifyReply {
  const ok = checks.every((check) => check.ok)
  reply.code(ok ? 200 : 503).header('cache-control', 'no-store')
  if ((request.query as { verbose?: string }).verbose !== undefined) {
    const lines = checks.map((c) => `[${c.ok ? '+' : '-'}] ${c.name}: ${c.detail}`)
    const text = [...lines, `${path.slice(1)}: ${statusOf(ok)}`, ''].join('\n')
    return reply.type('text/plain; charset=utf-8').serializer(String).send(text)
  }
  return reply.send({ status: statusOf(ok), checks: checks.map(written) })
}

const statusOf = (ok: boolean): string => (ok ? 'ok' : 'fail')

export const written = ({ name, ok, detail, percent, secondsLeft }: Check): object => ({
  name,
  status: statusOf(ok),
  detail,
  ...(percent === undefined ? {} : { percent, secondsLeft }),
})

const CHECKS = {
  type: 'object',
  properties: {
    status: { type: 'string', enum: ['ok', 'fail'] },
    checks: {
      type: 'array',
      items: {
        type: 'object',
        properties: {
          name: { type: 'string' },
          status: { type: 'string', enum: ['ok', 'fail'] },
          detail: { type: 'string' },
          percent: { type: 'number' },
          secondsLeft: { type: ['number', 'null'] },
        },
      },
    },
  },
}
const VERBOSE = {
  type: 'object',
  properties: { verbose: { type: 'string', description: 'Lines for people in place of JSON.' } },
}
