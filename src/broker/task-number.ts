import type { TaskId } from '../batch.ts'

/**
 * The number of a task. In a pipeline of one stage it is the task's partition; of several the stages take turns, so
 * that neighbours are of different stages, and more partitions change no number.
 */
export const taskNumber = (stage: number, partition: number, stages: number): number =>
  partition * stages + stage

/** The task that has the number. */
export const taskOf = (number: number, stages: number): TaskId => ({
  number,
  stage: number % stages,
  partition: Math.floor(number / stages),
})
