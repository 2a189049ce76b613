/** Requests of AWS Glue: JSON 1.1 by POST, with the action in a header, signed. https://docs.aws.amazon.com/glue/latest/webapi */
import { type Environment, Renewed } from '../access.ts'
import {
  type Answer,
  type Ask,
  CONFLICT,
  FORBIDDEN,
  NOT_FOUND,
  NoRegistry,
  parsed,
  Refused,
  sent,
  UNAUTHORIZED,
} from '../request.ts'
import { findCredentials } from './credentials.ts'
import { signed } from './sign.ts'

/** HTTP has 400 for nearly all errors: these are others to us. */
const STATUS: Readonly<Record<string, number>> = {
  EntityNotFoundException: NOT_FOUND,
  AlreadyExistsException: CONFLICT,
  AccessDeniedException: FORBIDDEN,
  AccessDenied: FORBIDDEN,
  ExpiredToken: UNAUTHORIZED,
  ExpiredTokenException: UNAUTHORIZED,
  IncompleteSignature: UNAUTHORIZED,
  IncompleteSignatureException: UNAUTHORIZED,
  InvalidClientTokenId: UNAUTHORIZED,
  InvalidSignatureException: UNAUTHORIZED,
  MissingAuthenticationToken: UNAUTHORIZED,
  MissingAuthenticationTokenException: UNAUTHORIZED,
  UnrecognizedClientException: UNAUTHORIZED,
  ConcurrentModificationException: 429,
  RequestLimitExceeded: 429,
  Throttling: 429,
  ThrottlingException: 429,
  InternalServiceException: 500,
  OperationTimeoutException: 500,
}

/** @param env where credentials are looked for */
export function askGlue(env: Environment, region: string): Ask {
  const credentials = new Renewed(() => findCredentials(env, region))
  return async (config, { path, body = '{}' }, closed) => {
    const keys = await credentials.value()
    const url = `${config.url.replace(/\/+$/, '')}/`
    const plain = {
      'content-type': 'application/x-amz-json-1.1',
      host: new URL(url).host,
      'x-amz-target': `AWSGlue.${path}`,
    }
    const scope = { region, service: 'glue', at: Date.now() }
    const headers = signed({ method: 'POST', headers: plain, body }, keys, scope)
    const answer = await sent(config, url, { method: 'POST', headers }, body, closed)
    const members = parsed(answer.body)
    if (answer.status === 200 && members !== undefined) return members
    const error = errorOf(members, answer.headers['x-amzn-errortype'])
    if (error === undefined) throw new NoRegistry(answer.status, answer.contentType)
    const status = STATUS[error.type] ?? answer.status
    const whose = status === UNAUTHORIZED ? `, with ${keys.from}` : ''
    if (status === UNAUTHORIZED) credentials.forget()
    throw new Refused(status, { message: `${error.type}: ${error.message}${whose}` })
  }
}

/** @param type of a header, where the body has none. @returns undefined: it is not AWS that answers */
function errorOf(
  members: Answer | undefined,
  type: string | readonly string[] | undefined,
): { type: string; message: string } | undefined {
  const { __type = type, message, Message = message } = Object(members) as Record<string, unknown>
  if (typeof __type !== 'string') return undefined
  // com.amazonaws.glue#EntityNotFoundException, EntityNotFoundException:http://…
  return { type: __type.replace(/^.*#/, '').replace(/:.*$/, ''), message: String(Message ?? '') }
}
