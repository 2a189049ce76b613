import { FAILED, TAKEN } from '../codec/port.ts'
import { Condition, type Judge } from '../output/condition.ts'
import type { TaskContext } from './task.ts'

/** The condition on completed records; null: all come out. */
export function conditionOf({ codec, output, counts }: TaskContext): Condition | null {
  const reader = codec.outputReader
  if (reader === null) return null
  const judge: Judge = {
    judge(buffer, end) {
      const fault = reader.read(0, buffer, 0, end)
      if (fault !== null)
        throw new Error(`A completed record is none of its schema: ${reader.fault}`)
      reader.select(0)
      if (reader.fate === TAKEN) return 'taken'
      return reader.fate === FAILED ? 'failed' : 'filtered'
    },
    get failure(): string {
      return reader.failure
    },
  }
  return new Condition(judge, output.topic, counts)
}
