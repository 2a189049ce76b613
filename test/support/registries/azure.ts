/**
 * Azure Schema Registry as its specification has it (Azure/azure-rest-api-specs, Microsoft.EventHub 2022-10), with tokens that it
 * gives itself. Both are one server.
 */
import { randomUUID } from 'node:crypto'
import { type Asked, type Certificate, type Reply, type Served, serve } from './serve.ts'

export interface AzureServer extends Served {
  /** By name, in the group `shop`. */
  readonly schemas: Map<string, { readonly id: string; readonly definition: string }[]>
  /** `GET /path`, in their order, without the requests for tokens. */
  readonly asked: string[]
  /** What tokens were asked for with. */
  readonly grants: URLSearchParams[]
  /** Methods that the identity may not use. */
  readonly denied: Set<string>
  /** Why a version is refused; undefined: none is. */
  refusal: string | undefined
  failing: Reply | undefined
  add(name: string, definition: string): string
  /** One that is taken. */
  token(): string
}

export const GROUP = 'shop'
const CLIENT = { AZURE_TENANT_ID: 'tenant', AZURE_CLIENT_ID: 'client' }

/** What a process has in its environment that may ask it. */
export const azureEnv = ({ url }: Served) => ({
  ...CLIENT,
  AZURE_CLIENT_SECRET: 'secret',
  AZURE_AUTHORITY_HOST: url,
})

export async function startAzure(tls?: Certificate): Promise<AzureServer> {
  const tokens = new Set<string>()
  const answer = (asked: Asked): Reply => {
    if (asked.path === '/tenant/oauth2/v2.0/token') return granted(asked, state)
    state.asked.push(`${asked.method} ${asked.path.replace(/\?.*/, '')}`)
    if (state.failing !== undefined) return state.failing
    if (!tokens.has(String(asked.headers.authorization).replace('Bearer ', ''))) {
      return error(401, 'Unauthorized', 'The token is not valid')
    }
    if (state.denied.has(asked.method)) return error(403, 'Forbidden', 'Access is denied')
    return of(asked, state)
  }
  const served = await serve(answer, tls)
  const schemas: AzureServer['schemas'] = new Map()
  const state: AzureServer = {
    ...served,
    schemas,
    asked: [],
    grants: [],
    denied: new Set(),
    refusal: undefined,
    failing: undefined,
    token() {
      const token = randomUUID()
      tokens.add(token)
      return token
    },
    add(name, definition) {
      const id = randomUUID().replaceAll('-', '')
      schemas.set(name, [...(schemas.get(name) ?? []), { id, definition }])
      return id
    },
  }
  return state
}

function granted({ body }: Asked, state: AzureServer): Reply {
  const form = new URLSearchParams(body)
  state.grants.push(form)
  const isSecret = form.get('client_secret') === 'secret'
  if (
    form.get('client_id') !== 'client' ||
    !(isSecret || form.get('client_assertion') === 'proof')
  ) {
    const said = 'AADSTS7000215: Invalid client secret provided.\r\nTrace ID: 1'
    return { status: 401, body: { error: 'invalid_client', error_description: said } }
  }
  const token = { token_type: 'Bearer', expires_in: 3600, access_token: state.token() }
  return { status: 200, body: token }
}

const error = (status: number, code: string, message: string): Reply => ({
  status,
  body: { error: { code, message } },
})

function of({ method, path, headers, body }: Asked, state: AzureServer): Reply {
  const [where, query] = path.split('?')
  if (!/^api-version=(2022-10|2023-07-01)$/.test(query ?? '')) {
    return error(400, 'InvalidRequest', 'api-version')
  }
  const byId = /^\/\$schemaGroups\/\$schemas\/(\w+)$/.exec(where)
  if (byId !== null) return schemaById(byId[1], state)
  const [, group, name = '', rest = ''] =
    /^\/\$schemaGroups\/(\w+)\/schemas(?:\/([^/:]+))?(.*)$/.exec(where) ?? []
  if (group !== GROUP) return error(404, 'ItemNotFound', `Schema group ${group} not found`)
  if (name === '') return { status: 200, body: { Value: [...state.schemas.keys()] } }
  const versions = state.schemas.get(decodeURIComponent(name))
  const isAvro = headers['content-type'] === 'application/json; serialization=Avro'
  if (method !== 'GET' && !isAvro) return error(415, 'InvalidSchemaType', 'Not Avro')
  if (method === 'PUT') return registered(name, body, state)
  if (versions === undefined) return error(404, 'ItemNotFound', `Schema ${name} not found`)
  const numbers = versions.map((_, i) => i + 1)
  if (rest === '/versions') return { status: 200, body: { Value: numbers } }
  const found =
    rest === ':get-id'
      ? versions.findIndex(({ definition }) => isSame(definition, body))
      : Number(rest.replace('/versions/', '')) - 1
  if (versions[found] === undefined) return error(404, 'ItemNotFound', `No such version of ${name}`)
  const of = headersOf(name, found + 1, versions[found].id)
  if (rest === ':get-id') return { status: 204, headers: of }
  return { status: 200, body: versions[found].definition, headers: of }
}

function schemaById(id: string, { schemas }: AzureServer): Reply {
  for (const [name, versions] of schemas) {
    const i = versions.findIndex((version) => version.id === id)
    if (i < 0) continue
    return { status: 200, body: versions[i].definition, headers: headersOf(name, i + 1, id) }
  }
  return error(404, 'ItemNotFound', `Schema with id ${id} not found`)
}

function registered(name: string, body: string, state: AzureServer): Reply {
  if (state.refusal !== undefined) return error(400, 'InvalidRequest', state.refusal)
  const versions = state.schemas.get(name) ?? []
  const there = versions.findIndex(({ definition }) => isSame(definition, body))
  const id = there < 0 ? state.add(name, body) : versions[there].id
  const version = there < 0 ? versions.length + 1 : there + 1
  return { status: 204, headers: headersOf(name, version, id) }
}

const isSame = (one: string, other: string): boolean =>
  JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other))

const headersOf = (name: string, version: number, id: string) => ({
  'content-type': 'application/json; serialization=Avro',
  'schema-id': id,
  'schema-group-name': GROUP,
  'schema-name': name,
  'schema-version': String(version),
})
