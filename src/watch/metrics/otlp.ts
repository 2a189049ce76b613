/**
 * Sends the metrics by OTLP, as JSON over HTTP, where OpenTelemetry's environment variables say so:
 * https://opentelemetry.io/docs/specs/otel/protocol/exporter/. OpenTelemetry's own packages would more
 * than double the image, to send what is counted already. An export that fails is not repeated: all
 * counts are from the start of the process, so the next one has them.
 */
import { setInterval as every } from 'node:timers/promises'
import type { Log } from '../../events.ts'
import type { Metrics } from './metrics.ts'
import { otlpRequest } from './otlp-metrics.ts'

export interface Otlp {
  /** Sends a last time. */
  stop(): Promise<void>
}

const PROTOCOL = 'http/json'
const INTERVAL_MS = 60_000
const TIMEOUT_MS = 10_000
/** A stop does not wait for long. */
const LAST_TIMEOUT_MS = 1000

/**
 * undefined: the environment names no endpoint.
 * @param instance attributes of the resource, unless the environment has others
 */
export function startOtlp(
  env: NodeJS.ProcessEnv,
  metrics: Metrics,
  instance: Readonly<Record<string, string>>,
  log: Log,
): Otlp | undefined {
  const endpoint = endpointOf(env)
  if (endpoint === undefined) return undefined
  const protocol = signalOf(env, 'PROTOCOL') ?? PROTOCOL
  if (protocol !== PROTOCOL) {
    log.event('otlp_unsupported', { protocol })
    return undefined
  }
  const { url, credentials } = apart(endpoint)
  const headers = {
    ...credentials,
    ...listOf(signalOf(env, 'HEADERS')),
    'content-type': 'application/json',
  }
  const resource = { ...instance, ...resourceOf(env) }
  const intervalMs = Number(env.OTEL_METRIC_EXPORT_INTERVAL) || INTERVAL_MS
  const timeoutMs = Number(signalOf(env, 'TIMEOUT')) || TIMEOUT_MS
  let failing = false
  const send = async (patienceMs: number): Promise<void> => {
    try {
      const sampled = await metrics.sampled()
      const request = otlpRequest(sampled, resource, performance.timeOrigin, Date.now())
      await post(url, headers, JSON.stringify(request), patienceMs)
      if (failing) log.event('otlp_works', { url })
      failing = false
    } catch (error) {
      if (!failing) log.event('otlp_failing', { err: error, url })
      failing = true
    }
  }
  log.event('otlp_on', { url, intervalMs })
  let ended = false
  void (async () => {
    for await (const _ of every(intervalMs, undefined, { ref: false })) {
      if (ended) return
      await send(timeoutMs)
    }
  })()
  return {
    stop() {
      ended = true
      return send(Math.min(timeoutMs, LAST_TIMEOUT_MS))
    },
  }
}

async function post(
  url: string,
  headers: Record<string, string>,
  body: string,
  timeoutMs: number,
): Promise<void> {
  const signal = AbortSignal.timeout(timeoutMs)
  const answer = await fetch(url, { method: 'POST', headers, body, signal })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`${answer.status} ${text.slice(0, 300)}`)
  const { partialSuccess } = (text === '' ? {} : JSON.parse(text)) as {
    partialSuccess?: { rejectedDataPoints?: string | number; errorMessage?: string }
  }
  const refused = Number(partialSuccess?.rejectedDataPoints ?? 0)
  if (refused > 0) {
    throw new Error(`${refused} data points were refused: ${partialSuccess?.errorMessage}`)
  }
}

/** A variable for metrics wins over the one for all signals. Empty is as good as not set. */
const signalOf = (env: NodeJS.ProcessEnv, name: string): string | undefined =>
  env[`OTEL_EXPORTER_OTLP_METRICS_${name}`] || env[`OTEL_EXPORTER_OTLP_${name}`] || undefined

function endpointOf(env: NodeJS.ProcessEnv): string | undefined {
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === 'true') return undefined
  if (!(env.OTEL_METRICS_EXPORTER || 'otlp').split(',').includes('otlp')) return undefined
  const { OTEL_EXPORTER_OTLP_METRICS_ENDPOINT: whole, OTEL_EXPORTER_OTLP_ENDPOINT: base } = env
  if (whole) return whole
  return base ? `${base.replace(/\/$/, '')}/v1/metrics` : undefined
}

/** `https://user:password@receiver`: fetch takes no such address, and the log is not to show it. */
function apart(endpoint: string): { url: string; credentials: Record<string, string> } {
  const [, scheme, userInfo, rest] = /^(https?:\/\/)([^/]*)@(.*)$/i.exec(endpoint) ?? []
  if (userInfo === undefined) return { url: endpoint, credentials: {} }
  const basic = Buffer.from(decoded(userInfo)).toString('base64')
  return { url: `${scheme}${rest}`, credentials: { authorization: `Basic ${basic}` } }
}

function resourceOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const service = env.OTEL_SERVICE_NAME ? { 'service.name': env.OTEL_SERVICE_NAME } : {}
  return { ...listOf(env.OTEL_RESOURCE_ATTRIBUTES), ...service }
}

/** `name=value,name=value`, with values in percent encoding. */
function listOf(text = ''): Record<string, string> {
  const pairs = text
    .split(',')
    .map((pair) => /^\s*([^=\s]+)\s*=\s*(.*?)\s*$/.exec(pair))
    .flatMap((found) => (found === null ? [] : [[found[1], decoded(found[2])]]))
  return Object.fromEntries(pairs)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
