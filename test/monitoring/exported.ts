import { createMetrics } from '../../src/watch/metrics/metrics.ts'

/** The names of all series that the service can have. */
export async function exported(): Promise<Set<string>> {
  const text = await createMetrics(() => {}).text()
  const types = [...text.matchAll(/^# TYPE (\S+) (\S+)/gm)]
  const names = types.flatMap(([, name, type]) =>
    ['histogram', 'summary'].includes(type)
      ? [name, `${name}_bucket`, `${name}_sum`, `${name}_count`]
      : [name],
  )
  return new Set(names)
}
