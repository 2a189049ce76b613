/** `topics create FILE`: creates output, rejects and internal topics, as a start does. */

import { loadPipeline } from '../config/load.ts'
import { differenceText, newTopicText, ownDifferences, remedyOf } from '../plan/own-topics.ts'
import { missingTopics } from '../plan/topics.ts'
import { withBroker } from './connect.ts'
import { print } from './terminal.ts'

export async function topicsCreate(file: string, options: { dryRun?: true }): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  await withBroker(pipeline.kafka, async ({ admin }) => {
    const { create, found } = await missingTopics(pipeline, admin)
    if (!options.dryRun) await admin.createTopics(create)
    for (const topic of create) {
      const what = options.dryRun ? 'would create' : 'created'
      print(`${what} ${newTopicText(topic)}`)
    }
    if (create.length === 0) print('All topics are there')
    for (const { topic, differences } of ownDifferences(pipeline, found)) {
      const what = differences.map(differenceText).join(', ')
      print(
        `${topic} is left as it is, with ${what}; to change it: ${remedyOf(topic, differences)}`,
      )
    }
  })
}
