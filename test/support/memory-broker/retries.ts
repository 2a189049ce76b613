/** What a client makes of refusals and lost connections: the same as the one over the network does. */
import { setTimeout as sleep } from 'node:timers/promises'
import { brokerError } from '../../../src/broker/broker-errors.ts'
import type { About } from '../../../src/broker/error-table.ts'
import { isCurable } from '../../../src/broker/kafkajs.ts'
import { refusal } from '../../../src/broker/refusal.ts'
import { EnricherError, messageOf } from '../../../src/errors.ts'
import { OutOfTime } from './kafka-errors.ts'

/** Between two tries. */
export const soon = (): Promise<void> => sleep(1)

/** Repeats what time cures; of a client that asks and is no producer. */
export async function untilAnswered<T>(about: About, attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt()
    } catch (error) {
      const answer = brokerError(error)
      if (answer?.meaning === 'refused') throw refusal(error, about)
      const isAgain = answer === undefined ? isCurable(error) : answer.meaning === 'again'
      if (!isAgain) throw error
      await soon()
    }
  }
}

/**
 * Of a producer: returns where the request is to be sent again.
 * @param isEndless nothing was begun that could be dropped
 */
export function refuseProducer(
  error: unknown,
  about: About & { transactionalId: string },
  isEndless: boolean,
): void {
  const { name, meaning } = brokerError(error) ?? {}
  const aborted = new EnricherError('EPOCH_ABORTED', messageOf(error), { cause: error })
  switch (meaning) {
    case 'fenced':
      throw new EnricherError('FENCED', `Refused: ${messageOf(error)}`, {
        cause: error,
        fields: { type: name },
      })
    case 'record': {
      const { topic } = error as { topic?: string }
      const message = `${topic} does not take what it is sent (${messageOf(error)})`
      const fields = { topic, broker: name }
      throw new EnricherError('RECORD_REFUSED', message, { cause: error, fields })
    }
    case 'refused':
      throw refusal(error, about)
    case 'abort':
      if (!isEndless) throw aborted
      break
    case undefined:
      if (error instanceof OutOfTime ? !isEndless : !isCurable(error)) throw aborted
  }
}
