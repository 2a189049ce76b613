import type { ServiceParts } from './parts.ts'

/**
 * By internal topic: how many offsets of all its partitions the brokers keep. Those are records that wait, such as were read and are
 * not deleted yet, and marks of time and of transactions. Rejects where the brokers do not answer.
 */
export async function keptRecords({
  plan,
  admin,
}: Pick<ServiceParts, 'plan' | 'admin'>): Promise<Record<string, number>> {
  if (admin === undefined) return {}
  const internal = plan.sources.filter(({ origin }) => origin !== null)
  const kept = internal.map(async ({ topic }) => {
    const [first, end] = await Promise.all([
      admin.offsets(topic, 'earliest'),
      admin.offsets(topic, 'latest'),
    ])
    const sizes = [...end].map(([partition, offset]) => offset - (first.get(partition) ?? offset))
    return [topic, sizes.reduce((sum, size) => sum + Math.max(0, size), 0)] as const
  })
  return Object.fromEntries(await Promise.all(kept))
}
