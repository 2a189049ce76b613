/**
 * The registry of AWS Glue as its API reference and its serializers have it: schemas with versions, what a role may do, and
 * signatures, which are computed here by themselves. https://docs.aws.amazon.com/glue/latest/webapi
 */
import { createHash, createHmac, randomUUID } from 'node:crypto'
import { type Asked, type Reply, type Served, serve } from './serve.ts'

interface Version {
  readonly uuid: string
  readonly definition: string
  readonly format: string
  status: 'AVAILABLE' | 'PENDING' | 'FAILURE'
}

interface Schema {
  readonly compatibility: string
  readonly versions: Version[]
}

export interface GlueServer extends Served {
  readonly schemas: Map<string, Schema>
  /** The actions, in their order. */
  readonly asked: string[]
  /** By access key. */
  readonly secrets: Map<string, { secret: string; token?: string }>
  /** Actions that the role may not do. */
  readonly denied: Set<string>
  /** How often a version that is registered is PENDING when it is looked at, and what becomes of it. */
  pending: number
  verdict: 'AVAILABLE' | 'FAILURE'
  /** Answered in place of all else. */
  failing: Reply | undefined
  /** Registers a schema. @returns its UUID */
  add(name: string, definition: string, format?: string): string
}

export const REGION = 'eu-central-1'
export const KEYS = { id: 'AKIDEXAMPLE', secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' }
/** What a process has in its environment that may ask it. */
export const GLUE_ENV = { AWS_ACCESS_KEY_ID: KEYS.id, AWS_SECRET_ACCESS_KEY: KEYS.secret }

export async function startGlue(registryName = 'default-registry'): Promise<GlueServer> {
  const schemas = new Map<string, Schema>()
  const add = (name: string, definition: string, format = 'AVRO'): string => {
    const schema = schemas.get(name) ?? { compatibility: 'BACKWARD', versions: [] }
    schemas.set(name, schema)
    const uuid = randomUUID()
    schema.versions.push({ uuid, definition, format, status: 'AVAILABLE' })
    return uuid
  }
  const answer = (asked: Asked): Reply => {
    const action = String(asked.headers['x-amz-target']).replace('AWSGlue.', '')
    state.asked.push(action)
    if (state.failing !== undefined) return state.failing
    const fault = signatureFault(asked, state.secrets)
    if (fault !== undefined) return fault
    if (state.denied.has(action)) {
      const who = 'User: arn:aws:sts::111122223333:assumed-role/enricher/x'
      return refusal('AccessDeniedException', `${who} is not authorized to perform: glue:${action}`)
    }
    return new Actions(state, registryName).answer(action, JSON.parse(asked.body))
  }
  const served = await serve(answer)
  const state: GlueServer = {
    ...served,
    schemas,
    asked: [],
    secrets: new Map([[KEYS.id, { secret: KEYS.secret }]]),
    denied: new Set(),
    pending: 0,
    verdict: 'AVAILABLE',
    failing: undefined,
    add,
  }
  return state
}

/** Members of requests that are read. */
interface Members {
  readonly SchemaId?: { SchemaName: string; RegistryName: string }
  readonly RegistryId?: { RegistryName: string }
  readonly SchemaVersionNumber?: { LatestVersion?: boolean; VersionNumber?: number }
  readonly SchemaVersionId?: string
  readonly SchemaName?: string
  readonly SchemaDefinition?: string
  readonly DataFormat?: string
  readonly Compatibility?: string
}

class Actions {
  readonly #server: GlueServer
  readonly #registry: string

  constructor(server: GlueServer, registry: string) {
    this.#server = server
    this.#registry = registry
  }

  answer(action: string, members: Members): Reply {
    const { SchemaId, RegistryId } = members
    const registry = SchemaId?.RegistryName ?? RegistryId?.RegistryName ?? this.#registry
    if (registry !== this.#registry)
      return notFound(`Registry is not found. RegistryName: ${registry}`)
    switch (action) {
      case 'GetSchemaVersion':
        return this.#version(members)
      case 'GetSchemaByDefinition':
        return this.#byDefinition(members)
      case 'RegisterSchemaVersion':
        return this.#register(members)
      case 'CreateSchema':
        return this.#create(members)
      case 'GetSchema':
        return this.#schema(members)
      case 'ListSchemas': {
        const names = [...this.#server.schemas.keys()].map((SchemaName) => ({ SchemaName }))
        return { status: 200, body: { Schemas: names } }
      }
      // The serializers say of a version which topic it is of.
      case 'PutSchemaVersionMetadata':
        return { status: 200, body: {} }
      default:
        return refusal('UnknownOperationException', '')
    }
  }

  #version({ SchemaId, SchemaVersionId, SchemaVersionNumber }: Members): Reply {
    const all = [...this.#server.schemas.values()]
    const schema =
      SchemaId === undefined
        ? all.find(({ versions }) => versions.some(({ uuid }) => uuid === SchemaVersionId))
        : this.#server.schemas.get(SchemaId.SchemaName)
    if (schema === undefined) return notFound('Schema is not found.')
    const { versions } = schema
    const number =
      SchemaId === undefined
        ? versions.findIndex(({ uuid }) => uuid === SchemaVersionId) + 1
        : (SchemaVersionNumber?.VersionNumber ?? versions.length)
    const version = versions[number - 1]
    if (version === undefined) return notFound('Schema version is not found.')
    if (version.status === 'PENDING' && --this.#server.pending < 0) {
      version.status = this.#server.verdict
    }
    const { uuid, definition, format, status } = version
    const [name] = [...this.#server.schemas].find(([, one]) => one === schema)!
    const SchemaArn = `arn:aws:glue:${REGION}:111122223333:schema/${this.#registry}/${name}`
    const of = {
      SchemaArn,
      SchemaVersionId: uuid,
      SchemaDefinition: definition,
      DataFormat: format,
    }
    return { status: 200, body: { ...of, Status: status, VersionNumber: number } }
  }

  #byDefinition({ SchemaId, SchemaDefinition }: Members): Reply {
    const schema = this.#server.schemas.get(SchemaId!.SchemaName)
    if (schema === undefined) return notFound('Schema is not found.')
    const found = schema.versions.find(({ definition }) => isSame(definition, SchemaDefinition!))
    if (found === undefined) return notFound('Schema version is not found.')
    return { status: 200, body: { SchemaVersionId: found.uuid, Status: found.status } }
  }

  #register({ SchemaId, SchemaDefinition }: Members): Reply {
    const schema = this.#server.schemas.get(SchemaId!.SchemaName)
    if (schema === undefined) return notFound('Schema is not found.')
    const uuid = this.#server.add(SchemaId!.SchemaName, SchemaDefinition!)
    const version = schema.versions.at(-1)!
    version.status = 'PENDING'
    const VersionNumber = schema.versions.length
    return { status: 200, body: { SchemaVersionId: uuid, VersionNumber, Status: 'PENDING' } }
  }

  #create({
    SchemaName = '',
    SchemaDefinition = '',
    DataFormat,
    Compatibility = '',
  }: Members): Reply {
    if (this.#server.schemas.has(SchemaName))
      return refusal('AlreadyExistsException', 'It is there')
    this.#server.schemas.set(SchemaName, { compatibility: Compatibility, versions: [] })
    const SchemaVersionId = this.#server.add(SchemaName, SchemaDefinition, DataFormat)
    return { status: 200, body: { SchemaName, SchemaVersionId, SchemaVersionStatus: 'AVAILABLE' } }
  }

  #schema({ SchemaId }: Members): Reply {
    const schema = this.#server.schemas.get(SchemaId!.SchemaName)
    if (schema === undefined) return notFound('Schema is not found.')
    return { status: 200, body: { Compatibility: schema.compatibility } }
  }
}

/** Glue compares what is left of a schema without its spaces. */
const isSame = (one: string, other: string): boolean =>
  JSON.stringify(JSON.parse(one)) === JSON.stringify(JSON.parse(other))

const refusal = (type: string, Message: string): Reply => ({
  status: 400,
  body: { __type: type, Message },
})
const notFound = (message: string): Reply => refusal('EntityNotFoundException', message)

/** Why a request is not taken; undefined: it is signed as it has to be. */
function signatureFault(
  { method, path, headers, body }: Asked,
  secrets: GlueServer['secrets'],
): Reply | undefined {
  const pattern =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/glue\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=([0-9a-f]{64})$/
  const found = pattern.exec(headers.authorization ?? '')
  if (found === null) return refusal('MissingAuthenticationTokenException', 'No signature')
  const [, id, day, region, names, signature] = found
  const known = secrets.get(id)
  if (known === undefined || known.token !== headers['x-amz-security-token']) {
    return refusal('UnrecognizedClientException', 'The security token included is invalid.')
  }
  const time = String(headers['x-amz-date'])
  const must = [
    'host',
    'x-amz-date',
    'x-amz-target',
    ...(known.token ? ['x-amz-security-token'] : []),
  ]
  const lacking = must.filter((name) => !names.split(';').includes(name))
  if (lacking.length > 0 || region !== REGION || !time.startsWith(day)) {
    return refusal('InvalidSignatureException', `Of ${region}, without ${lacking.join()}`)
  }
  const lines = names.split(';').map((name) => `${name}:${headers[name]}\n`)
  const hash = (text: string): string => createHash('sha256').update(text).digest('hex')
  const mac = (key: Buffer | string, text: string): Buffer =>
    createHmac('sha256', key).update(text).digest()
  const canonical = [method, path, '', lines.join(''), names, hash(body)].join('\n')
  const scope = `${day}/${region}/glue/aws4_request`
  const toSign = `AWS4-HMAC-SHA256\n${time}\n${scope}\n${hash(canonical)}`
  const key = mac(mac(mac(mac(`AWS4${known.secret}`, day), region), 'glue'), 'aws4_request')
  if (mac(key, toSign).toString('hex') === signature) return undefined
  return refusal('InvalidSignatureException', 'The request signature does not match')
}
