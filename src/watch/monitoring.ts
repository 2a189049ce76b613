/** What is seen of an instance from outside: HTTP, metrics, and what is pushed of them. */
import { EnricherError } from '../errors.ts'
import { Health } from './http/health.ts'
import { startHttp } from './http/listen.ts'
import type { LeveledLog } from './log/log.ts'
import { createMetrics } from './metrics/metrics.ts'
import { type Otlp, startOtlp } from './metrics/otlp.ts'
import { collect } from './metrics/samples.ts'
import { standsStill } from './start-watch.ts'
import { GroupMembers } from './status/group-members.ts'
import { History } from './status/history.ts'
import { Operator } from './status/operator.ts'
import type { ServiceParts } from './status/parts.ts'
import { liveness, patienceMs, readiness, startPosition } from './status/report.ts'
import { ServiceQueries } from './status/store-queries.ts'
import { ServiceViews } from './status/views.ts'
import { Watch } from './verdict/watch.ts'

export interface Monitoring {
  readonly http: { readonly port: number; close(): Promise<void> }
  /** undefined: nothing is pushed. */
  readonly otlp: Otlp | undefined
  /** Looks at what is counted until it is closed. */
  readonly watch: { close(): void }
}

/** Begins with the first moment: the parts that a start has not come to yet are looked for at each request. */
export async function startMonitoring(
  parts: ServiceParts,
  log: LeveledLog,
  onFatal: (error: unknown) => void,
): Promise<Monitoring> {
  const { pipeline, version, instanceId, counts, dimensions } = parts
  const probes = new Health(
    () => liveness(pipeline, parts.worker),
    () => readiness(pipeline, dimensions, parts.worker),
  )
  const watch = new Watch(parts, () => probes.ready(), log)
  const metrics = createMetrics((m) => collect(m, parts, watch.verdict))
  const instance = {
    'service.name': 'stream-enricher',
    'service.version': version,
    'service.instance.id': instanceId,
    pipeline: pipeline.name,
  }
  const otlp = startOtlp(process.env, metrics, instance, log)
  const members = new GroupMembers(parts)
  const history = new History(parts)
  const { warnings } = log
  const views = new ServiceViews({ parts, probes, members, watch, history, warnings })
  void endStuckStart(parts, probes, onFatal)
  const http = await startHttp(pipeline.http, {
    version,
    metrics,
    probes,
    views,
    queries: new ServiceQueries(parts, members),
    token: pipeline.http.token,
    readToken: pipeline.http.readToken,
    admin: new Operator(parts, log, onFatal),
    onAnswer: (route, method, code, ms) =>
      counts.httpRequests.add(`${route} ${method} ${code}`, ms),
  })
  log.event('listening', { port: http.port, pipeline: pipeline.name })
  const close = (): void => {
    watch.close()
    history.close()
    views.close()
  }
  return { http, otlp, watch: { close } }
}

/** Whoever supervises the process starts it again. */
async function endStuckStart(
  parts: ServiceParts,
  probes: Health,
  onFatal: (error: unknown) => void,
): Promise<void> {
  const { pipeline, dimensions } = parts
  const patience = patienceMs(pipeline)
  const where = (): string | undefined => {
    const done = probes.started().every(({ ok }) => ok)
    return done || parts.worker?.draining ? undefined : startPosition(dimensions, parts.worker)
  }
  if (!(await standsStill(where, patience))) return
  const waits = probes.started().map(({ detail }) => detail)
  const message = `The start has not moved for ${patience / 1000} s (${waits.join('; ')}); look in the log for a broker or registry that fails, and else start it again`
  onFatal(new EnricherError('START_STUCK', message))
}
