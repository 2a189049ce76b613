/** A cluster of one broker that answers each request as a test has scripted it. */

import type { BrokerNode, Cluster, Protocol } from '../../src/broker/kafkajs.ts'
import { EncoderClass } from '../../src/broker/kafkajs.ts'
import { asError } from '../../src/broker/topic-arrays.ts'

export type Answer = object | number

/** An error code, or what kafkajs makes of an answer that is none. The last one counts from then on. */
export type Script = Readonly<Record<string, readonly Answer[]>>

export const TOPIC = 'enriched'

export class FakeCluster {
  readonly asked: string[] = []
  readonly #script: Script

  constructor(script: Script) {
    this.#script = script
  }

  count(api: string): number {
    return this.asked.filter((name) => name === api).length
  }

  #answer(api: string): Answer {
    const answers = this.#script[api] ?? [{}]
    const answer = answers[Math.min(this.count(api), answers.length - 1)]
    this.asked.push(api)
    return answer
  }

  async #send<T>({ request }: Protocol<T>): Promise<T> {
    const answer = this.#answer(request.apiName)
    if (typeof answer === 'number') throw asError(answer)
    return answer as T
  }

  /** Produce is sent below kafkajs's protocols: its answer is bytes. */
  #produced(): Buffer {
    const answer = this.#answer('Produce')
    const code = typeof answer === 'number' ? answer : 0
    return new EncoderClass()
      .writeInt32(1)
      .writeString(TOPIC)
      .writeInt32(1)
      .writeInt32(0)
      .writeInt16(code)
      .writeInt64(7)
      .writeInt64(-1)
      .writeInt64(0)
      .writeInt32(0).buffer
  }

  cluster(): Cluster {
    const connection = {
      clientId: 'test',
      isAuthenticated: () => true,
      send: (protocol: Protocol<unknown>) => this.#send(protocol),
      failIfNotConnected() {},
      nextCorrelationId: () => 1,
      requestQueue: {
        instrumentationEmitter: null,
        maybeThrottle() {},
        push: ({ entry }: { entry: { resolve(answer: object): void } }) =>
          entry.resolve({ payload: this.#produced() }),
      },
    }
    const node = {
      nodeId: 1,
      versions: {},
      connectionPool: {
        host: 'test',
        port: 9092,
        send: (protocol: Protocol<unknown>) => this.#send(protocol),
        getConnection: async () => connection,
      },
    } as unknown as BrokerNode
    return {
      connect: async () => {},
      disconnect: async () => {},
      isConnected: () => true,
      refreshMetadata: async () => {},
      targetTopics: new Set<string>(),
      addMultipleTargetTopics: async () => {},
      findTopicPartitionMetadata: () => [{ partitionId: 0, leader: 1 }],
      findBroker: async () => node,
      findControllerBroker: async () => node,
      findGroupCoordinator: async () => node,
      removeBroker() {},
    }
  }
}
