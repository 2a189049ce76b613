/**
 * Where AWS's credentials come from, in the order of its SDKs; the first source that is set up counts, and says so where it fails.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
import { awsDomain } from '../../../config/aws.ts'
import { messageOf } from '../../../errors.ts'
import {
  type AccessRequest,
  accessRefused,
  askForAccess,
  type Environment,
  type Lent,
  METADATA_MS,
  membersOf,
  NoAccess,
  tokenOfFile,
} from '../access.ts'
import type { AwsKeys } from './sign.ts'

export interface AwsCredentials extends AwsKeys, Lent {}

/** Finds credentials; a text: why there are none of this source, which is not set up. Throws `NoAccess`. */
type Source = (env: Environment, region: string) => Promise<AwsCredentials | string>

/** Of the instance's metadata; a session is for one look. */
const METADATA_SECONDS = '60'
const ROLES = '/latest/meta-data/iam/security-credentials/'
const ECS = 'http://169.254.170.2'
const EC2 = 'http://169.254.169.254'
/** Hosts that are asked without TLS: this one, and those of ECS and EKS. */
const NEAR =
  /^http:\/\/(localhost|127(\.\d+){3}|169\.254\.170\.(2|23)|\[::1\]|\[fd00:ec2::23\])([:/]|$)/

const SOURCES: readonly Source[] = [ofEnvironment, ofWebIdentity, ofContainer, ofInstance]

/** Throws `NoAccess`, with all that was tried. */
export async function findCredentials(env: Environment, region: string): Promise<AwsCredentials> {
  const tried: string[] = []
  for (const source of SOURCES) {
    const found = await source(env, region)
    if (typeof found !== 'string') return found
    tried.push(found)
  }
  throw new NoAccess(`there are no credentials of AWS: ${tried.join('; ')}`, true)
}

async function ofEnvironment(env: Environment): Promise<AwsCredentials | string> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret } = env
  if (!id || !secret) return `${id ? 'AWS_SECRET_ACCESS_KEY' : 'AWS_ACCESS_KEY_ID'} is not set`
  return {
    accessKeyId: id,
    secretAccessKey: secret,
    sessionToken: env.AWS_SESSION_TOKEN || null,
    ends: Number.POSITIVE_INFINITY,
    from: `AWS_ACCESS_KEY_ID (${id})`,
  }
}

/** What EKS gives to service accounts (IRSA): a token that STS takes for a role's. It is not signed. */
async function ofWebIdentity(env: Environment, region: string): Promise<AwsCredentials | string> {
  const { AWS_WEB_IDENTITY_TOKEN_FILE: file, AWS_ROLE_ARN: role } = env
  if (!file || !role) return `${file ? 'AWS_ROLE_ARN' : 'AWS_WEB_IDENTITY_TOKEN_FILE'} is not set`
  const url = env.AWS_ENDPOINT_URL_STS || `https://sts.${region}.${awsDomain(region)}`
  const form = new URLSearchParams({
    Action: 'AssumeRoleWithWebIdentity',
    Version: '2011-06-15',
    RoleArn: role,
    RoleSessionName: env.AWS_ROLE_SESSION_NAME || 'stream-enricher',
    WebIdentityToken: tokenOfFile(file, 'AWS_WEB_IDENTITY_TOKEN_FILE'),
  })
  const request = {
    what: `credentials of the role ${role} by the token of AWS_WEB_IDENTITY_TOKEN_FILE`,
    url,
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  }
  const { status, body } = await askForAccess(request)
  const of = (name: string): string =>
    new RegExp(`<${name}>([^<]*)</${name}>`).exec(body)?.[1] ?? ''
  if (status !== 200) throw accessRefused(request, status, `${of('Code')} ${of('Message')}`)
  return credentialsOf(request, {
    AccessKeyId: of('AccessKeyId'),
    SecretAccessKey: of('SecretAccessKey'),
    Token: of('SessionToken'),
    Expiration: of('Expiration'),
  })
}

/** What ECS gives to tasks, and EKS by its Pod Identity. */
async function ofContainer(env: Environment): Promise<AwsCredentials | string> {
  const relative = env.AWS_CONTAINER_CREDENTIALS_RELATIVE_URI
  const url = relative ? ECS + relative : env.AWS_CONTAINER_CREDENTIALS_FULL_URI
  if (!url) {
    return 'neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor AWS_CONTAINER_CREDENTIALS_FULL_URI is set'
  }
  const what = 'the credentials of the container'
  if (!url.startsWith('https:') && !NEAR.test(url)) {
    throw new NoAccess(
      `${what} are not asked for at ${url} (AWS_CONTAINER_CREDENTIALS_FULL_URI), which is neither https nor on this host`,
      true,
    )
  }
  const file = env.AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE
  const token = file
    ? tokenOfFile(file, 'AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE')
    : env.AWS_CONTAINER_AUTHORIZATION_TOKEN
  const request = { what, url, headers: token ? { authorization: token } : {} }
  return credentialsOf(request, membersOf(await bodyOf(request)))
}

/** What EC2 gives to instances with a role, by version 2 of its metadata (IMDSv2). */
async function ofInstance(env: Environment): Promise<AwsCredentials | string> {
  if (env.AWS_EC2_METADATA_DISABLED?.toLowerCase() === 'true') {
    return 'AWS_EC2_METADATA_DISABLED has the instance not asked'
  }
  const root = env.AWS_EC2_METADATA_SERVICE_ENDPOINT?.replace(/\/+$/, '') || EC2
  const requestOf = (path: string, headers: Record<string, string>): AccessRequest => ({
    what: 'the credentials of the instance',
    url: root + path,
    headers,
    milliseconds: METADATA_MS,
  })
  try {
    const seconds = { 'x-aws-ec2-metadata-token-ttl-seconds': METADATA_SECONDS }
    const session = { ...requestOf('/latest/api/token', seconds), method: 'PUT' }
    const headers = { 'x-aws-ec2-metadata-token': await bodyOf(session) }
    const [role] = (await bodyOf(requestOf(ROLES, headers))).split('\n')
    const request = requestOf(ROLES + role, headers)
    return credentialsOf(request, membersOf(await bodyOf(request)))
  } catch (error) {
    return messageOf(error)
  }
}

async function bodyOf(request: AccessRequest): Promise<string> {
  const { status, body } = await askForAccess(request)
  if (status !== 200) throw accessRefused(request, status, body)
  return body
}

interface Given {
  readonly AccessKeyId?: string
  readonly SecretAccessKey?: string
  readonly Token?: string
  readonly Expiration?: string
}

function credentialsOf({ what, url }: AccessRequest, given: Given): AwsCredentials {
  const { AccessKeyId, SecretAccessKey, Token, Expiration = '' } = given
  const left = Date.parse(Expiration) - Date.now()
  if (!AccessKeyId || !SecretAccessKey || Number.isNaN(left)) {
    throw new NoAccess(`${url} answers with something else than ${what}`, true)
  }
  return {
    accessKeyId: AccessKeyId,
    secretAccessKey: SecretAccessKey,
    sessionToken: Token || null,
    ends: performance.now() + left,
    from: what,
  }
}
