/** How `init` reaches brokers and registry, and how the file that it writes says so: secrets only as references. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { glueAddress } from '../config/aws.ts'
import { fileFault } from '../config/file-fault.ts'
import type { KafkaConfig, RegistryConfig, RegistryType, Sasl, Tls } from '../config/pipeline.ts'

/** Named as the keys of the pipeline file; passwords come from the environment only. */
export interface ConnectionOptions {
  readonly brokers: string
  /** TLS with the authorities that Node trusts. */
  readonly tls?: true
  /** PEM files. */
  readonly tlsCa?: string
  readonly tlsCert?: string
  readonly tlsKey?: string
  readonly saslMechanism?: Sasl['mechanism']
  readonly saslUsername?: string
  readonly saslTokenEndpoint?: string
  /** A PEM file. */
  readonly saslTokenEndpointCa?: string
  readonly saslClientId?: string
  readonly saslScope?: string
  readonly registry?: string
  readonly registryType?: RegistryType
  /** Of AWS Glue. */
  readonly registryRegion?: string
  readonly registryName?: string
  /** Of Azure. */
  readonly registryGroup?: string
  readonly registryUsername?: string
  /** PEM files. */
  readonly registryCa?: string
  readonly registryCert?: string
  readonly registryKey?: string
}

export interface Connection {
  readonly kafka: KafkaConfig
  readonly registry: RegistryConfig | null
  /** The pipeline file's sections `kafka` and `registry`. */
  readonly lines: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/** Throws where a file cannot be read, or a variable is not set. */
export function connectionOf(options: ConnectionOptions, env: Environment): Connection {
  const { brokers } = options
  const tls = kafkaTlsOf(options, env)
  const sasl = saslOf(options, env)
  const registry = registryPart(options, env)
  return {
    kafka: {
      brokers: brokers.split(','),
      instanceId: null,
      clientId: 'stream-enricher',
      tls: tls?.value ?? null,
      sasl: sasl?.value ?? null,
      sessionTimeoutMs: 10_000,
    },
    registry: registry?.value ?? null,
    lines: [
      'kafka:',
      `  brokers: \${KAFKA_BROKERS:-${brokers}}`,
      ...(tls?.lines ?? []),
      ...(sasl?.lines ?? []),
      ...(registry?.lines ?? []),
    ],
  }
}

/** A part of the configuration, and how the file says it. */
interface Part<T> {
  readonly value: T
  readonly lines: readonly string[]
}

function kafkaTlsOf(options: ConnectionOptions, env: Environment): Part<Tls> | undefined {
  const { tls, tlsCa: ca, tlsCert: cert, tlsKey: key } = options
  const files = tlsOf('tls', { ca, cert, key }, 'KAFKA_TLS_PASSPHRASE', env)
  if (files !== undefined || !tls) return files
  return { value: { rejectUnauthorized: true }, lines: ['  tls: true'] }
}

/** @param option that name the files begin so. @returns undefined where there is none */
function tlsOf(
  option: string,
  { ca, cert, key }: Record<'ca' | 'cert' | 'key', string | undefined>,
  passphraseVariable: string,
  env: Environment,
): Part<Tls> | undefined {
  const files = Object.entries({ ca, cert, key }).filter((entry): entry is [string, string] =>
    Boolean(entry[1]),
  )
  if (files.length === 0) return undefined
  if ((cert === undefined) !== (key === undefined)) {
    throw new Error(`A client certificate needs both --${option}-cert and --${option}-key`)
  }
  const passphrase = key && env[passphraseVariable]
  return {
    value: {
      rejectUnauthorized: true,
      ...Object.fromEntries(files.map(([name, file]) => [name, pem(`${option}-${name}`, file)])),
      ...(passphrase ? { passphrase } : {}),
    },
    lines: [
      '  tls:',
      ...files.map(([name, file]) => `    ${name}: "\${file:${resolve(file)}}"`),
      ...(passphrase ? [`    passphrase: "\${${passphraseVariable}}"`] : []),
    ],
  }
}

/** @param option that names the file, without its dashes */
function pem(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (cause) {
    throw new Error(`--${option}: the file ${file} ${fileFault(cause)}`, { cause })
  }
}

function saslOf(options: ConnectionOptions, env: Environment): Part<Sasl> | undefined {
  const { saslMechanism: mechanism } = options
  if (mechanism === undefined) {
    if (options.saslUsername === undefined) return undefined
    throw new Error('--sasl-username needs --sasl-mechanism')
  }
  if (mechanism === 'oauthbearer') return oauthOf(options, env)
  const user = variable('KAFKA_SASL_USERNAME', env, options.saslUsername)
  const password = variable('KAFKA_SASL_PASSWORD', env)
  return {
    value: { mechanism, username: user.value, password: password.value },
    lines: [
      '  sasl:',
      `    mechanism: ${mechanism}`,
      `    username: "${user.reference}"`,
      `    password: "${password.reference}"`,
    ],
  }
}

function oauthOf(options: ConnectionOptions, env: Environment): Part<Sasl> {
  const { saslTokenEndpointCa: ca, saslScope: scope } = options
  const endpoint = variable('KAFKA_SASL_TOKEN_ENDPOINT', env, options.saslTokenEndpoint)
  const client = variable('KAFKA_SASL_CLIENT_ID', env, options.saslClientId)
  const secret = variable('KAFKA_SASL_CLIENT_SECRET', env)
  return {
    value: {
      mechanism: 'oauthbearer',
      tokenEndpoint: endpoint.value,
      tokenEndpointCa: ca === undefined ? null : pem('sasl-token-endpoint-ca', ca),
      clientId: client.value,
      clientSecret: secret.value,
      scope: scope ?? null,
    },
    lines: [
      '  sasl:',
      '    mechanism: oauthbearer',
      `    tokenEndpoint: "${endpoint.reference}"`,
      ...(ca === undefined ? [] : [`    tokenEndpointCa: "\${file:${resolve(ca)}}"`]),
      `    clientId: "${client.reference}"`,
      `    clientSecret: "${secret.reference}"`,
      ...(scope === undefined ? [] : [`    scope: ${JSON.stringify(scope)}`]),
    ],
  }
}

/** undefined: there is none. */
function registryPart(
  options: ConnectionOptions,
  env: Environment,
): Part<RegistryConfig> | undefined {
  const { registry: url, registryType: type = 'confluent', registryRegion: region } = options
  const { registryName = null, registryGroup: group = null } = options
  refuseOptions(options, type)
  const address = url ?? (region === undefined ? undefined : glueAddress(region))
  if (address === undefined) return undefined
  if (/\/\/[^/@]*@/.test(address)) {
    throw new Error(
      '--registry has a user in its address, which would stand in the file; take --registry-username, and SCHEMA_REGISTRY_PASSWORD in the environment',
    )
  }
  const { registryCa: ca, registryCert: cert, registryKey: key } = options
  const tls = tlsOf('registry', { ca, cert, key }, 'SCHEMA_REGISTRY_TLS_PASSPHRASE', env)
  const user = type === 'confluent' ? userOf(options, env) : undefined
  const at = type === 'glue' ? 'endpoint' : 'url'
  return {
    value: {
      type,
      url: address,
      username: user?.value.username ?? null,
      password: user?.value.password ?? null,
      token: null,
      useId: null,
      region: region ?? null,
      registryName,
      group,
      tls: tls?.value ?? null,
    },
    lines: [
      'registry:',
      ...(type === 'confluent' ? [] : [`  type: ${type}`]),
      ...(region === undefined ? [] : [`  region: ${region}`]),
      ...(url === undefined ? [] : [`  ${at}: \${SCHEMA_REGISTRY_URL:-${url}}`]),
      ...(registryName === null ? [] : [`  registryName: ${JSON.stringify(registryName)}`]),
      ...(group === null ? [] : [`  group: ${JSON.stringify(group)}`]),
      ...(user?.lines ?? []),
      ...(tls?.lines ?? []),
    ],
  }
}

/** Throws where an option is missing, or is of another type. */
function refuseOptions(options: ConnectionOptions, type: RegistryType): void {
  const { registry, registryRegion, registryName, registryGroup, registryUsername } = options
  const needs = (option: string): never => {
    throw new Error(`--registry-type ${type} needs ${option}`)
  }
  if (type === 'glue' && registryRegion === undefined) needs('--registry-region')
  if (type === 'azure' && registryGroup === undefined) needs('--registry-group')
  if (type !== 'glue' && options.registryType !== undefined && registry === undefined) {
    needs('--registry')
  }
  const others = [
    ['--registry-region', registryRegion, 'glue'],
    ['--registry-name', registryName, 'glue'],
    ['--registry-group', registryGroup, 'azure'],
    ['--registry-username', registryUsername, 'confluent'],
  ] as const
  const other = others.find(([, value, of]) => value !== undefined && of !== type)
  if (other !== undefined) throw new Error(`${other[0]} is for --registry-type ${other[2]} only`)
}

/** undefined: no user is named. */
function userOf(
  { registryUsername }: ConnectionOptions,
  env: Environment,
): Part<{ username: string; password: string }> | undefined {
  if (registryUsername === undefined && !env.SCHEMA_REGISTRY_USERNAME) return undefined
  const user = variable('SCHEMA_REGISTRY_USERNAME', env, registryUsername)
  const password = variable('SCHEMA_REGISTRY_PASSWORD', env)
  return {
    value: { username: user.value, password: password.value },
    lines: [`  username: "${user.reference}"`, `  password: "${password.reference}"`],
  }
}

/** @param given by an option, which is then the file's default */
function variable(
  name: string,
  env: Environment,
  given?: string,
): { value: string; reference: string } {
  if (given !== undefined) return { value: given, reference: `\${${name}:-${given}}` }
  const value = env[name]
  if (!value) throw new Error(`${name} is not set; put it into the environment`)
  return { value, reference: `\${${name}}` }
}
