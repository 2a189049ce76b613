/** Answers of the broker in memory, as kafkajs throws those of a real one. */
import { BROKER_ERRORS } from '../../../src/broker/broker-errors.ts'
import { asError } from '../../../src/broker/topic-arrays.ts'

const CODES = new Map<string, number>(
  [...BROKER_ERRORS.values()].map(({ name, code }) => [name, code]),
)

/** @param name Kafka's, as `ILLEGAL_GENERATION` */
export function kafkaError(name: string, topic?: string): Error {
  const code = CODES.get(name)
  if (code === undefined) throw new Error(`Kafka has no error ${name}`)
  return asError(code, topic)
}

/** What kafkajs throws where a connection breaks before the answer has come. */
export const connectionLost = (api: string): Error =>
  Object.assign(new Error(`The connection was lost while ${api} was under way`), {
    name: 'KafkaJSConnectionError',
    retriable: true,
  })

/** The client has waited for longer than a transaction may live. */
export class OutOfTime extends Error {
  constructor(api: string) {
    super(`${api} was not answered in time`)
    this.name = 'OutOfTime'
  }
}
