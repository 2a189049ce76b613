/** What stands behind the HTTP server, as tests have it. */

import type { Admin } from '../../src/watch/http/admin.ts'
import type { Views } from '../../src/watch/http/api.ts'
import { ApiError } from '../../src/watch/http/api-error.ts'
import type { Check } from '../../src/watch/http/health.ts'
import type { HttpParts } from '../../src/watch/http/http.ts'
import type { StoreQueries } from '../../src/watch/http/stores-api.ts'
import { createMetrics } from '../../src/watch/metrics/metrics.ts'

export const good: Check = { name: 'group', ok: true, detail: 'joined' }
export const bad: Check = { name: 'tasks', ok: false, detail: '2 restoring' }

export const views: Views = {
  status: async (records) => ({ state: 'running', deep: { list: [{ x: 1 }] }, records }),
  summary: () => ({ instance: 'a', verdict: { verdict: 'works' } }),
  group: async () => ({ instances: [{ instance: 'a', self: true }] }),
  history: () => ({ everyMs: 10_000, facts: [1, 2] }),
  topology: () => ({ pipeline: 'job' }),
  tasks: () => [{ partition: 0, state: 'running' }],
  lag: () => ({ orders: { total: 3, partitions: { 0: 3 } } }),
  dimensions: (records) => [{ name: 'customer', ready: true, records }],
  config: () => ({ name: 'job' }),
  members: async () => [{ instance: 'a', partitions: [0], self: true }],
  rejects: () => [{ reason: 'late' }],
}

/** Has the row `a/b`, and a record of any key; task 1 is elsewhere. */
export const queries: StoreQueries = {
  sides: ['left', 'right'],
  row(dimension, key) {
    if (dimension === 'product') throw new ApiError(503, 'The dimension is being read', 2)
    if (key !== 'a/b') throw new ApiError(404, `The dimension ${dimension} has no row ${key}`)
    return { dimension, key, row: { name: 'Ann' }, offsets: [4, 5], stalenessMs: 12 }
  },
  async window(side, key, partition = 0) {
    if (partition === 1) return { partition, owner: 'other:8080' }
    const records = [{ time: 5, record: { id: key } }]
    const state = { streamTime: 7, offset: 8, lag: 9, stalenessMs: 10 }
    return { side, key, partition, ...state, records, more: false }
  },
}

export function admin(done: string[] = []): Admin {
  let level = 'info'
  return {
    pause: () => void done.push('pause'),
    resume: () => void done.push('resume'),
    drain: () => void done.push('drain'),
    rebuild: async (store) => void done.push(`rebuild ${store}`),
    level: () => level,
    setLevel: (next) => {
      level = next
    },
  }
}

export function parts(more: Partial<HttpParts> = {}): HttpParts {
  const ok = (): Check[] => [good]
  return {
    version: '1.2.3',
    onAnswer: () => {},
    metrics: createMetrics(() => {}),
    probes: { live: ok, ready: ok, started: ok },
    views,
    queries,
    token: null,
    readToken: null,
    admin: admin(),
    ...more,
  }
}
