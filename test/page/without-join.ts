import { healthy, MIB, statusOf, task, topology } from './instance.ts'

type Json = Record<string, unknown>

/** What an instance answers whose pipeline has no join. */
export function withoutJoin(): Json {
  const { pages: _, index: __, ...parts } = (healthy.memory as { parts: Json }).parts
  const dimensionStores = { 'dimension/customer': 140 * MIB, 'dimension/product': 3 * MIB }
  return statusOf(
    {
      topology: { ...topology, right: null, join: null, changelog: null },
      tasks: [0, 3, 6, 9].map((n) => ({
        ...task(n),
        lag: { facts: 1210, right: null },
        offsets: { facts: 91_204_118 + 9 * n, right: null },
        streamTime: null,
        window: null,
      })),
      join: [],
      memory: { ...(healthy.memory as Json), rss: 310 * MIB, parts },
      disk: dimensionStores,
    },
    {
      right: 0,
      enriched: 0,
      output: 50_012,
      latencyP50Ms: 88,
      latencyP99Ms: 154,
      lagRecords: 4840,
      lagMs: 90,
      lookUps: [50_012, 50_012],
    },
    { right: 0, output: 182_000_000 },
  )
}
