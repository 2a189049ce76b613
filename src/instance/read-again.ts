import type { Broker } from '../broker/port.ts'
import { hasRecords } from '../broker/read-topic.ts'
import type { Log } from '../events.ts'
import type { TaskContext } from '../task/task.ts'

/**
 * Tells of a task that begins with its first fact, though its output has records: where nothing but the group's
 * offsets says what was done, and the broker has forgotten them, everything is done once more.
 * @param offset the group's; -1: it has none
 */
export async function tellIfReadAgain(
  partition: number,
  offset: number,
  broker: Broker,
  { plan, outputs, counts, interval }: TaskContext,
  log: Log,
): Promise<void> {
  // A bounded run may be meant to add to what is there.
  if (offset >= 0 || interval !== undefined) return
  // An output under a key of its own has records of a task on any partition.
  const output = outputs.whole?.topic
  if (output === undefined || !(await isFilled(broker, output, partition))) return
  const [{ topic }] = plan.sources
  counts.readAgain.add(topic)
  log.event('facts_read_again', { topic, partition, output })
}

/** Who may not read the topic is told by its offsets, which aborted transactions take, too. */
async function isFilled(broker: Broker, topic: string, partition: number): Promise<boolean> {
  const offsetOf = async (at: 'earliest' | 'stable'): Promise<number> =>
    (await broker.admin.offsets(topic, at, partition)).get(partition) ?? 0
  if ((await offsetOf('stable')) <= (await offsetOf('earliest'))) return false
  return hasRecords(broker, topic, partition).catch(() => true)
}
