/** Which tasks a member has, as the group's protocol says it: the partitions of each topic. */
import { MemberAssignment } from './kafkajs.ts'
import type { GroupStage } from './port.ts'
import { taskNumber, taskOf } from './task-number.ts'

/** The partitions of each topic that these tasks read. @param tasks their numbers */
export function assignmentOf(
  tasks: readonly number[],
  stages: readonly GroupStage[],
): Record<string, number[]> {
  const ids = tasks.map((number) => taskOf(number, stages.length))
  return Object.fromEntries(
    stages.flatMap(({ topics }, s) => {
      const partitions = ids.filter(({ stage }) => stage === s).map(({ partition }) => partition)
      return topics.map((topic) => [topic, partitions])
    }),
  )
}

/** The numbers of the tasks in an assignment; all topics of a stage have the same partitions in it. */
export function assignedTasks(bytes: Buffer, stages: readonly GroupStage[]): number[] {
  const assignment = MemberAssignment.decode(bytes)?.assignment ?? {}
  return stages.flatMap(({ topics: [topic] }, stage) =>
    (assignment[topic] ?? []).map((partition) => taskNumber(stage, partition, stages.length)),
  )
}
