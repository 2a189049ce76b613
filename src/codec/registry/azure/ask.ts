/**
 * Requests of Azure Schema Registry, in Event Hubs namespaces. Of a schema the answer is its text, and headers say what it is.
 * https://learn.microsoft.com/rest/api/schemaregistry, version 2022-10
 */
import { type Environment, Renewed } from '../access.ts'
import {
  type Answer,
  type Ask,
  NoRegistry,
  parsed,
  Refused,
  sent,
  UNAUTHORIZED,
} from '../request.ts'
import { findToken } from './tokens.ts'

const API_VERSION = '2022-10'
/** What is sent is Avro's; of others nothing is registered. */
const CONTENT_TYPE = 'application/json; serialization=Avro'

/** @param env where a token is looked for. @param given a token in its place; null: there is none */
export function askAzure(env: Environment, given: string | null): Ask {
  const tokens = new Renewed(() => findToken(env))
  return async (config, { path, body, method }, closed) => {
    const token = given === null ? await tokens.value() : { value: given, from: 'registry.token' }
    const url = `${config.url.replace(/\/+$/, '')}${path}?api-version=${API_VERSION}`
    const headers = {
      accept: 'application/json',
      authorization: `Bearer ${token.value}`,
      ...(body === undefined ? {} : { 'content-type': CONTENT_TYPE }),
    }
    const how = { method: method ?? (body === undefined ? 'GET' : 'POST'), headers }
    const answer = await sent(config, url, how, body, closed)
    const { status } = answer
    const id = answer.headers['schema-id']
    if (status >= 200 && status < 300) {
      if (typeof id === 'string') return schemaOf(id, answer.headers, answer.body)
      const members = parsed(answer.body)
      if (members !== undefined) return members
    }
    const { code = '', message = '' } = Object(Object(parsed(answer.body)).error)
    if (code === '' && status !== UNAUTHORIZED) throw new NoRegistry(status, answer.contentType)
    if (status === UNAUTHORIZED) tokens.forget()
    const whose = status === UNAUTHORIZED ? `, with ${token.from}` : ''
    throw new Refused(status, { message: `${code} ${message}${whose}`.trim() })
  }
}

function schemaOf(
  id: string,
  headers: Readonly<Record<string, string | readonly string[] | undefined>>,
  schema: string,
): Answer {
  const { 'schema-version': version, 'content-type': type = '' } = headers
  const [, serialization = 'other'] = /serialization=(\w+)/.exec(String(type)) ?? []
  return {
    id: Number(version),
    named: `Azure id ${id}`,
    schema,
    schemaType: serialization.toUpperCase(),
  }
}
