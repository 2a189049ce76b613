/** Requests of Confluent's API, and of Apicurio's own beside it. */
import type { RegistryConfig } from '../../../config/pipeline.ts'
import { type Answer, type Ask, NOT_FOUND, NoRegistry, parsed, Refused, sent } from '../request.ts'
import { addressOf, isNative } from './address.ts'

const CONTENT_TYPE = 'application/vnd.schemaregistry.v1+json'

export const askConfluent: Ask = async (config, { path, body }, closed) => {
  const accept = isNative(path) ? '*/*' : CONTENT_TYPE
  const headers = { accept, 'content-type': CONTENT_TYPE, ...authorization(config) }
  const method = body === undefined ? 'GET' : 'POST'
  const address = addressOf(config, path)
  const response = await sent(config, address, { method, headers }, body, closed)
  const { status, contentType } = response
  if (isNative(path) && status >= 200 && status < 300) return schemaOf(response.body)
  const answer = parsed(response.body)
  if (answer === undefined || isOfServer(status, answer) || isNothing(answer)) {
    throw new NoRegistry(status, contentType)
  }
  if (status >= 200 && status < 300) return answer
  throw new Refused(status, answer)
}

function authorization({ username, password, token }: RegistryConfig): Record<string, string> {
  if (token !== null) return { authorization: `Bearer ${token}` }
  if (username === null) return {}
  const basic = Buffer.from(`${username}:${password}`).toString('base64')
  return { authorization: `Basic ${basic}` }
}

/** The answer of Apicurio's own API. What is no JSON is Protobuf's, or of another kind. */
const schemaOf = (schema: string): Answer =>
  parsed(schema) === undefined ? { schema, schemaType: 'OTHER' } : { schema }

/** An answer of who serves the address, and not of the API: the path is wrong, or an ingress has no backend now. */
const isOfServer = (status: number, { error_code, name, message = '' }: Answer): boolean =>
  status === NOT_FOUND &&
  (name === undefined
    ? error_code === undefined || /^HTTP 404\b/.test(message)
    : !/^\w+NotFoundException$/.test(name))

/** An empty answer, as a proxy may give in place of the registry. */
const isNothing = (answer: Answer): boolean =>
  !Array.isArray(answer) && Object.keys(answer).length === 0
