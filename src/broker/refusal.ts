/** What a broker refuses for good, as a sentence: what it is about, and what a person has to do. */
import { EnricherError } from '../errors.ts'
import { type BrokerError, brokerError } from './broker-errors.ts'
import type { About } from './error-table.ts'

/** Whether nothing but a person cures a broker's answer. */
export const isRefused = (error: unknown): boolean => brokerError(error)?.meaning === 'refused'

/** The error that ends the process, with what a person has to do. @param error one that `isRefused` */
export function refusal(error: unknown, about: About): EnricherError {
  const { code, name, sentence } = brokerError(error) as BrokerError
  const known = {
    topic: (error as { topic?: string }).topic ?? about.topic ?? '',
    group: about.group ?? '',
    transactionalId: about.transactionalId ?? '',
    operation: about.operation,
  }
  const [ours, message] = sentence?.(known) ?? [
    'BROKER_REFUSED',
    `The broker refuses ${about.operation}${objectOf(known)} (${name}, error code ${code}), and would again; look into its log, and at its version and settings`,
  ]
  return new EnricherError(ours, message, { cause: error, fields: { broker: name, ...known } })
}

/** What the broker was asked for, as the end of a sentence's first part. */
function objectOf({ topic, group, transactionalId }: Required<About>): string {
  const parts = [
    topic && ` on the topic ${topic}`,
    group && ` on the group ${group}`,
    transactionalId && ` for the transactional id ${transactionalId}`,
  ]
  return parts.find((part) => part !== '') ?? ''
}
