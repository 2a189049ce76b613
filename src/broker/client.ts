import type { Admin as KafkaAdmin } from 'kafkajs'
import type { KafkaConfig } from '../config/pipeline.ts'
import { EnricherError } from '../errors.ts'
import type { Log } from '../events.ts'
import { atMost } from '../retry/at-most.ts'
import { administrationOf } from './administration.ts'
import { adminOf } from './cluster-admin.ts'
import { connectError } from './connect-error.ts'
import { ClusterGroup } from './group.ts'
import {
  ANSWERED,
  type Cluster,
  ClusterClass,
  createLogger,
  type Emitter,
  errorType,
  FAILED,
  Kafka,
  logLevel,
} from './kafkajs.ts'
import { REAUTHENTICATE_MS } from './oauth-tokens.ts'
import type { Broker, BrokerEvents } from './port.ts'
import { ClusterReader } from './reader.ts'
import { seedOf } from './seed.ts'
import { type SignIn, signInBy } from './sign-in.ts'
import { createSocket, type SocketOptions } from './socket.ts'
import { ClusterProducer } from './transactional-producer.ts'

const TXN_OFFSET_COMMIT = 28
/** How long a close waits, where no broker answers. */
const CLOSE_MS = 500

/** The port to Kafka, by way of kafkajs. Reader, group and producer have connections of their own, so that a long poll or a pending join holds up nothing else. */
export function createBroker(
  config: KafkaConfig,
  log: Log,
  events: BrokerEvents = { onRequest() {}, onRequestError() {}, onConnection() {} },
): Broker {
  const signIn = signInBy(config.sasl)
  const newCluster = clusters(config, signIn, events)
  const cluster = newCluster()
  const kafkaAdmin = kafkaAdminOf(config, signIn)
  const closed = new AbortController()
  return {
    admin: adminOf(cluster, kafkaAdmin, log, closed.signal),
    administration: administrationOf(cluster, kafkaAdmin, closed.signal),
    async connect() {
      try {
        await cluster.connect()
        await cluster.refreshMetadata()
        await kafkaAdmin.connect()
      } catch (cause) {
        throw connectError(config, cause)
      }
      const node = await cluster.findControllerBroker()
      if ((node.versions[TXN_OFFSET_COMMIT]?.maxVersion ?? 0) < 3) {
        throw new EnricherError(
          'BROKER_UNSUPPORTED',
          'The broker is older than Kafka 2.5, which exactly-once needs',
        )
      }
    },
    reader: (options, events) => new ClusterReader(newCluster(), options, events, log),
    group: (options, events) => new ClusterGroup(newCluster(), options, events, log),
    producer: (options) => new ClusterProducer(newCluster(), options, log),
    async close() {
      closed.abort()
      signIn.close()
      // To disconnect waits for answers that may never come.
      await atMost(CLOSE_MS, Promise.all([cluster.disconnect(), kafkaAdmin.disconnect()]))
    },
  }
}

/** kafkajs's own admin, with connections of its own. */
const kafkaAdminOf = (config: KafkaConfig, signIn: SignIn): KafkaAdmin =>
  new Kafka({
    clientId: config.clientId,
    socketFactory: createSocket as never,
    brokers: config.brokers.map(seedOf),
    ssl: (config.tls as never) ?? false,
    sasl: signIn.options() as never,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3000,
    retry: { initialRetryTime: 100, retries: 3 },
  }).admin()

/** Makes clusters, which are connections with their metadata, below kafkajs's own clients. */
function clusters(config: KafkaConfig, signIn: SignIn, events: BrokerEvents): () => Cluster {
  const emitter = emitterOf(events)
  return () =>
    new ClusterClass({
      logger: createLogger({ level: 0, logCreator: () => () => {} }),
      instrumentationEmitter: emitter,
      socketFactory: countedSockets(events),
      brokers: config.brokers.map(seedOf),
      ssl: config.tls,
      sasl: signIn.options(),
      clientId: config.clientId,
      connectionTimeout: 3000,
      authenticationTimeout: 10_000,
      reauthenticationThreshold: REAUTHENTICATE_MS,
      requestTimeout: 30_000,
      enforceRequestTimeout: true,
      metadataMaxAge: 300_000,
      allowAutoTopicCreation: false,
      retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 5 },
    })
}

function emitterOf(events: BrokerEvents): Emitter {
  return {
    emit(event, { apiName, duration, error }) {
      if (event === ANSWERED) events.onRequest(apiName, duration)
      else if (event === FAILED) {
        events.onRequestError(apiName, errorType(error) ?? (error as Error).name)
      }
    },
  }
}

function countedSockets(events: BrokerEvents): typeof createSocket {
  return (options: SocketOptions) => {
    const address = `${options.host}:${options.port}`
    const socket = createSocket(options)
    socket.once('connect', () => {
      events.onConnection(address, 1)
      socket.once('close', () => events.onConnection(address, -1))
    })
    return socket
  }
}
