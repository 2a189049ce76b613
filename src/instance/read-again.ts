/**
 * Where nothing but the group's offsets says what was done, and the broker has forgotten them, everything is done once
 * more: a task tells of it that begins anew, though what it writes to has records.
 */
import type { Broker, Group } from '../broker/port.ts'
import { hasRecords } from '../broker/read-topic.ts'
import type { Log } from '../events.ts'
import type { Stage } from '../plan/plan.ts'
import type { TaskContext } from '../task/task.ts'

interface Ports {
  readonly broker: Broker
  readonly group: Pick<Group, 'committed'>
  readonly log: Log
}

/** @param offset the group's; -1: it has none */
export async function tellIfReadAgain(
  stage: Stage,
  partition: number,
  offset: number,
  context: TaskContext,
  ports: Ports,
): Promise<void> {
  // A bounded run may be meant to add to what is there.
  if (offset >= 0 || context.interval !== undefined) return
  const [{ topic }] = stage.sources
  const { broker, log } = ports
  if (stage.to !== null) {
    const internal = stage.to.topic
    const isFirst = await hasNoOffset(topic, context, ports.group)
    if (!isFirst || !(await wasWritten(broker, internal))) return
    log.event('input_repartitioned_again', { topic, partition, internal })
  } else {
    // An output under a key of its own has records of a task on any partition.
    const output = context.outputs.whole?.topic
    if (output === undefined || !(await isFilled(broker, output, partition))) return
    log.event('facts_read_again', { topic, partition, output })
  }
  context.counts.readAgain.add(topic)
}

/** A partition that was added has none, either, but others have. */
async function hasNoOffset(
  topic: string,
  { partitions }: TaskContext,
  group: Ports['group'],
): Promise<boolean> {
  const count = partitions.get(topic) ?? 0
  const places = Array.from({ length: count }, (_, partition) => ({ topic, partition }))
  return (await group.committed(places)).every(({ offset }) => offset < 0)
}

/** Whether anything was ever committed to an internal topic: the head of it is deleted only after that. */
async function wasWritten(broker: Broker, topic: string): Promise<boolean> {
  const firsts = await broker.admin.offsets(topic, 'earliest')
  if ([...firsts.values()].some((first) => first > 0)) return true
  for (const partition of firsts.keys()) {
    if (await isFilled(broker, topic, partition)) return true
  }
  return false
}

/** Who may not read the topic is told by its offsets, which aborted transactions take, too. */
async function isFilled(broker: Broker, topic: string, partition: number): Promise<boolean> {
  const offsetOf = async (at: 'earliest' | 'stable'): Promise<number> =>
    (await broker.admin.offsets(topic, at, partition)).get(partition) ?? 0
  if ((await offsetOf('stable')) <= (await offsetOf('earliest'))) return false
  return hasRecords(broker, topic, partition).catch(() => true)
}
