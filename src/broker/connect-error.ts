import type { KafkaConfig, Sasl } from '../config/pipeline.ts'
import { EnricherError, type ErrorCode, messageOf } from '../errors.ts'
import { alertOf, tlsFault } from '../http/tls-fault.ts'
import { brokerError } from './broker-errors.ts'
import { TokenError } from './oauth-tokens.ts'

/** An error of kafkajs's or Node's; the innermost is the cause of them all. */
interface Failure {
  readonly name?: string
  readonly code?: unknown
  readonly cause?: unknown
}

/** Why a start cannot reach its brokers, and what to do: BROKER_AUTHENTICATION, BROKER_TLS or BROKER_UNREACHABLE. */
export function connectError(config: KafkaConfig, cause: unknown): EnricherError {
  const brokers = config.brokers.join(', ')
  const failures = chainOf(cause)
  const answer = brokerError(cause)?.name
  const code = String(failures.find((failure) => typeof failure.code === 'string')?.code ?? '')
  const why = messageOf(cause).trim()
  const error = (kind: ErrorCode, message: string): EnricherError =>
    new EnricherError(kind, message, { cause })

  const noToken = failures.find((failure) => failure instanceof TokenError)
  if (noToken !== undefined) {
    return error(
      noToken.retriable ? 'BROKER_UNREACHABLE' : 'BROKER_AUTHENTICATION',
      noToken.message,
    )
  }
  if (failures.some(({ name }) => name === 'KafkaJSSASLAuthenticationError')) {
    return error('BROKER_AUTHENTICATION', `The broker at ${brokers} ${refusal(config.sasl, why)}`)
  }
  if (answer === 'UNSUPPORTED_SASL_MECHANISM') {
    const message = `The broker at ${brokers} does not offer ${config.sasl?.mechanism}; set kafka.sasl.mechanism to one that its listener has`
    return error('BROKER_AUTHENTICATION', message)
  }
  if (answer === 'ILLEGAL_SASL_STATE') {
    const message = `The listener at ${brokers} does not use SASL; leave out kafka.sasl, or name the port of one that does`
    return error('BROKER_AUTHENTICATION', message)
  }
  const fault = tlsFault(code, why)
  if (fault === 'untrusted') {
    const message = `The certificate of the broker at ${brokers} is not trusted (${why}); set kafka.tls.ca to the certificate of the authority that has signed it`
    return error('BROKER_TLS', message)
  }
  if (fault === 'unfit') {
    const message = `The certificate of the broker at ${brokers} does not fit (${why}); name the broker in kafka.brokers as its certificate does, or have the certificate made anew`
    return error('BROKER_TLS', message)
  }
  if (fault === 'refused') {
    const own = config.tls?.cert === undefined ? 'asks for' : 'refuses'
    const message = `The broker at ${brokers} ${own} our certificate (${alertOf(code)}); set kafka.tls.cert and kafka.tls.key to one that an authority it trusts has signed`
    return error('BROKER_TLS', message)
  }
  if (fault === 'unusable') {
    const message = `The certificates of kafka.tls cannot be used (${why}); ca, cert and key have to be PEM text, the key that of the certificate, and passphrase its own`
    return error('BROKER_TLS', message)
  }
  return error(
    'BROKER_UNREACHABLE',
    `No Kafka broker answers at ${brokers} (${why}); check ${settingsToCheck(config, failures, code)}`,
  )
}

function refusal(sasl: Sasl | null, why: string): string {
  if (sasl?.mechanism === 'oauthbearer') {
    return `refuses the token of the client ${sasl.clientId} (${why}); check kafka.sasl.scope, and that the broker trusts the issuer ${sasl.tokenEndpoint}`
  }
  return `refuses the user ${sasl?.username} (${why}); check kafka.sasl.username and kafka.sasl.password, and that the user exists for ${sasl?.mechanism}`
}

function chainOf(cause: unknown): Failure[] {
  const chain: Failure[] = []
  for (let at = cause; at instanceof Error && chain.length < 10; at = at.cause) {
    chain.push(at as Failure)
  }
  return chain
}

/** A listener that speaks another protocol than we do closes the connection, and says nothing. */
function settingsToCheck(config: KafkaConfig, failures: readonly Failure[], code: string): string {
  const isClosed =
    code === 'ECONNRESET' ||
    failures.some(({ name }) => name === 'KafkaJSConnectionClosedError') ||
    code.startsWith('ERR_SSL_')
  const usual = "kafka.brokers, and that the broker's advertised listeners can be reached from here"
  if (!isClosed) return usual
  if (config.tls === null) {
    return `whether it is Kafka that listens there, whether this port wants TLS (kafka.tls), and ${usual}`
  }
  if (config.sasl === null) {
    return `whether this port speaks TLS at all, or wants a user as well (kafka.sasl), and ${usual}`
  }
  return `whether this port speaks TLS at all (kafka.tls), and ${usual}`
}
