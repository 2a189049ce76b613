/** Work of a command on the rejects topic of a pipeline. */
import type { Broker, TopicAccess } from '../../broker/port.ts'
import type { Pipeline } from '../../config/pipeline.ts'
import { withBroker } from '../connect.ts'
import { type Ledger, ledgerTopic, readLedger } from './ledger.ts'

/** Throws where this user may not read it. Where it does not exist, nothing is done but said. */
export async function onRejects(
  { kafka, output: { rejects } }: Pipeline,
  work: (broker: Broker, topic: string) => Promise<void>,
): Promise<void> {
  await withBroker(kafka, async (broker) => {
    const access = await accessTo(broker, rejects)
    if (access?.state === 'hidden') {
      throw new Error(`This user may not describe ${rejects}; give it describe and read on it`)
    }
    if (access?.state !== 'there') {
      process.stderr.write(`${rejects} does not exist yet: nothing was rejected\n`)
      return
    }
    await work(broker, rejects)
  })
}

/** What was retried; who may not read that is told, and looks at the rejects as if nothing was. */
export async function ledgerShown(broker: Broker, rejects: string): Promise<Ledger | null> {
  const topic = ledgerTopic(rejects)
  const access = await accessTo(broker, topic)
  const isDenied = access?.state === 'hidden' || access?.allowed.has('read') === false
  if (!isDenied || access?.state === 'missing') return readLedger(broker, rejects)
  process.stderr.write(`Which of them were retried is not shown: this user may not read ${topic}\n`)
  return null
}

export const accessTo = async (
  { administration }: Broker,
  topic: string,
): Promise<TopicAccess | undefined> => (await administration.topicAccess([topic])).get(topic)
