/**
 * The one door to kafkajs. Its connections, metadata, coordinator discovery, SASL and TLS are used as
 * they are; its consumer and producer are not: they make objects per record, commit default offsets by
 * themselves, and have no hook before a join.
 */
import kafkajs from 'kafkajs'
import manifest from 'kafkajs/package.json' with { type: 'json' }
import innerCluster from 'kafkajs/src/cluster/index.js'
import innerAssigner from 'kafkajs/src/consumer/assignerProtocol.js'
import innerLoggers from 'kafkajs/src/loggers/index.js'
import innerConnection from 'kafkajs/src/network/connection.js'
import innerRequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import innerMurmur2 from 'kafkajs/src/producer/partitioners/default/murmur2.js'
import innerDecoder from 'kafkajs/src/protocol/decoder.js'
import innerEncoder from 'kafkajs/src/protocol/encoder.js'
import innerError from 'kafkajs/src/protocol/error.js'
import innerRequests from 'kafkajs/src/protocol/requests/index.js'

const { version } = manifest
if (version !== '2.2.4') throw new Error(`kafkajs 2.2.4 is needed, found ${version}`)

export interface Request {
  readonly apiKey: number
  readonly apiVersion: number
  readonly apiName: string
  encode(): Promise<{ buffer: Buffer }>
}

export interface Protocol<T> {
  readonly request: Request
  readonly response: { decode(raw: Buffer): Promise<unknown>; parse(data: never): Promise<T> }
  readonly requestTimeout?: number
}

/** What a cluster tells its events to. */
export interface Emitter {
  emit(event: string, payload: { apiName: string; duration: number; error?: unknown }): void
}
/** kafkajs's own event, after each answer. */
export const ANSWERED = 'network.request'
/** An event of ours, after each request that has failed. */
export const FAILED = 'failed'

/** Requests wait here for their answers; it also keeps to the broker's throttling. */
interface RequestQueue {
  readonly instrumentationEmitter: Emitter | null
  push(request: {
    entry: object
    expectResponse: boolean
    requestTimeout: number | null
    sendRequest(): void
  }): void
  maybeThrottle(milliseconds: number): void
}

interface Connection {
  readonly clientId: string
  readonly socket: { cork(): void; write(bytes: Buffer): void; uncork(): void }
  readonly requestQueue: RequestQueue
  isAuthenticated(): boolean
  authenticate(): Promise<void>
  send<T>(protocol: Protocol<T>): Promise<T>
  failIfNotConnected(): void
  nextCorrelationId(): number
}

export interface BrokerNode {
  readonly nodeId: number
  readonly versions: Record<number, { minVersion: number; maxVersion: number }>
  readonly connectionPool: {
    send<T>(protocol: Protocol<T>): Promise<T>
    getConnection(index: number): Promise<Connection>
    host: string
    port: number
  }
}

export interface PartitionMetadata {
  readonly partitionId: number
  readonly leader: number
}

export interface Cluster {
  connect(): Promise<void>
  disconnect(): Promise<void>
  isConnected(): boolean
  refreshMetadata(): Promise<void>
  /** Those that metadata are asked about. */
  readonly targetTopics: Set<string>
  addMultipleTargetTopics(topics: readonly string[]): Promise<void>
  findTopicPartitionMetadata(topic: string): PartitionMetadata[]
  findBroker(node: { nodeId: number | string }): Promise<BrokerNode>
  findControllerBroker(): Promise<BrokerNode>
  findGroupCoordinator(of: { groupId: string; coordinatorType?: number }): Promise<BrokerNode>
  removeBroker(address: { host: string; port: number }): void
}

export interface Encoder {
  readonly buffer: Buffer
  writeInt8(value: number): Encoder
  writeInt16(value: number): Encoder
  writeInt32(value: number): Encoder
  writeInt64(value: bigint | number | string): Encoder
  writeBoolean(value: boolean): Encoder
  writeString(value: string | null): Encoder
  writeBytes(value: Buffer): Encoder
  writeBufferInternal(value: Buffer): void
}

export interface Decoder {
  readInt8(): number
  readInt16(): number
  readInt32(): number
  readInt64(): { toString(): string }
  readString(): string
  readBytes(size?: number): Buffer
  readArray<T>(read: (decoder: Decoder) => T): T[]
}

interface RequestTable {
  readonly [name: string]: {
    protocol(of: { version: number }): (args: object) => Protocol<never>
  }
}

export const ClusterClass = innerCluster as new (options: object) => Cluster
export const EncoderClass = innerEncoder as new () => Encoder
export const DecoderClass = innerDecoder as new (raw: Buffer) => Decoder
const { requests } = innerRequests as { requests: RequestTable }
export const { createErrorFromCode } = innerError as {
  createErrorFromCode(code: number): Error & { type: string; code: number }
}
export const { MemberMetadata, MemberAssignment } = innerAssigner as {
  MemberMetadata: {
    encode(metadata: { version: number; topics: readonly string[]; userData: Buffer }): Buffer
    decode(bytes: Buffer): { topics: string[]; userData: Buffer }
  }
  MemberAssignment: {
    encode(of: { version: number; assignment: Record<string, readonly number[]> }): Buffer
    decode(bytes: Buffer): { assignment: Record<string, number[]> } | null
  }
}
/** The hash of Java's default partitioner, as a signed 32-bit number. */
export const murmur2 = innerMurmur2 as (key: Buffer) => number
export const { Kafka, logLevel } = kafkajs
/** kafkajs's declaration of this error lacks the message. */
export const SaslAuthenticationError = kafkajs.KafkaJSSASLAuthenticationError as unknown as new (
  message: string,
) => Error
const loggers = innerLoggers as {
  createLogger(of: { level: number; logCreator: () => (entry: object) => void }): object
}
export const createLogger = loggers.createLogger

interface AnswerReader {
  authHandlers?: unknown
  bytesBuffered: number
  readonly requestQueue: {
    fulfillRequest(answer: { size: number; correlationId: number; payload: Buffer }): void
  }
}

const connection = innerConnection as {
  prototype: {
    processData(this: AnswerReader, bytes: Buffer): void
    send(this: Connection, protocol: Protocol<unknown>): Promise<unknown>
  }
}
const { processData } = connection.prototype
/**
 * Our sockets hand on whole answers. kafkajs joins each with what is left of the one before it, which
 * is nothing, and so copies it; here a whole answer is passed on as it is.
 */
connection.prototype.processData = function (bytes) {
  const whole = bytes.length > 8 && bytes.length === 4 + bytes.readInt32BE(0)
  if (!whole || this.bytesBuffered > 0 || this.authHandlers) {
    processData.call(this, bytes)
    return
  }
  this.requestQueue.fulfillRequest({
    size: bytes.length - 4,
    correlationId: bytes.readInt32BE(4),
    payload: bytes.subarray(8),
  })
}

const { send } = connection.prototype
/** kafkajs tells of answers and of timeouts only. */
connection.prototype.send = function (protocol) {
  return send.call(this, protocol).catch(failed(this, protocol.request.apiName))
}

function failed({ requestQueue }: Pick<Connection, 'requestQueue'>, apiName: string) {
  return (error: unknown): never => {
    requestQueue.instrumentationEmitter?.emit(FAILED, { apiName, duration: 0, error })
    throw error
  }
}

const requestQueue = innerRequestQueue as {
  prototype: { scheduleCheckPendingRequests(this: { pending: readonly unknown[] }): void }
}
const { scheduleCheckPendingRequests } = requestQueue.prototype
/** kafkajs wakes up a thousand times a second for each connection that has ever had an answer; here only while something waits. */
requestQueue.prototype.scheduleCheckPendingRequests = function () {
  if (this.pending.length > 0) scheduleCheckPendingRequests.call(this)
}

/**
 * Sends a request whose body is `chunks`, one after the other. kafkajs's own way copies a body three
 * times; here the buffers go to the socket as they are, and must not change before the answer comes.
 */
export async function sendChunks<T extends { clientSideThrottleTime: number }>(
  node: BrokerNode,
  { apiKey, apiVersion, apiName }: Omit<Request, 'encode'>,
  chunks: readonly Buffer[],
  decode: (payload: Buffer) => T,
): Promise<T> {
  const connection = await node.connectionPool.getConnection(0)
  if (!connection.isAuthenticated()) await connection.authenticate()
  connection.failIfNotConnected()
  const correlationId = connection.nextCorrelationId()
  const header = new EncoderClass()
    .writeInt16(apiKey)
    .writeInt16(apiVersion)
    .writeInt32(correlationId)
    .writeString(connection.clientId).buffer
  const bytes = chunks.reduce((sum, chunk) => sum + chunk.length, header.length)
  const { payload } = await new Promise<{ payload: Buffer }>((resolve, reject) => {
    connection.requestQueue.push({
      entry: { apiKey, apiName, apiVersion, correlationId, resolve, reject },
      expectResponse: true,
      requestTimeout: null,
      sendRequest: () => {
        const { socket } = connection
        socket.cork()
        socket.write(new EncoderClass().writeInt32(bytes).buffer)
        for (const chunk of [header, ...chunks]) socket.write(chunk)
        socket.uncork()
      },
    })
  }).catch(failed(connection, apiName))
  const answer = decode(payload)
  connection.requestQueue.maybeThrottle(answer.clientSideThrottleTime)
  return answer
}

/** Makes one of kafkajs's own requests. */
export function request<T>(name: string, version: number, args: object): Protocol<T> {
  return requests[name].protocol({ version })(args) as unknown as Protocol<T>
}

/** The protocol error's name (`REBALANCE_IN_PROGRESS`), or undefined for any other error. */
export const errorType = (error: unknown): string | undefined => (error as { type?: string }).type

/** Whether time may cure it: an outage, a leader that moves. Not: a refusal, wrong credentials. */
export function isCurable(error: unknown): boolean {
  const { name, retriable, cause } = error as {
    name?: string
    retriable?: boolean
    cause?: unknown
  }
  // kafkajs gives up after some tries and calls what remains final.
  if (name === 'KafkaJSNumberOfRetriesExceeded' && cause !== undefined) return isCurable(cause)
  return retriable === true || name === 'KafkaJSLockTimeout' || name === 'KafkaJSTimeout'
}
