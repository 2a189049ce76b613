/** `topics create FILE`: creates output, rejects and internal topics, as a start does. */

import { loadPipeline } from '../config/load.ts'
import { plural } from '../config/text.ts'
import { missingTopics } from '../plan/topics.ts'
import { withBroker } from './connect.ts'
import { print } from './terminal.ts'

export async function topicsCreate(file: string, options: { dryRun?: true }): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  await withBroker(pipeline.kafka, async ({ admin }) => {
    const { create } = await missingTopics(pipeline, admin)
    if (!options.dryRun) await admin.createTopics(create)
    for (const { topic, partitions } of create) {
      const what = options.dryRun ? 'would create' : 'created'
      print(`${what} ${topic} (${plural(partitions, 'partition')}, without a time limit)`)
    }
    if (create.length === 0) print('All topics are there')
  })
}
