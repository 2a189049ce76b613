/**
 * Tokens of Microsoft Entra ID for an Event Hubs namespace, as Azure's EnvironmentCredential, WorkloadIdentityCredential and
 * ManagedIdentityCredential get them. https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow,
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token
 */
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

export interface AzureToken extends Lent {
  readonly value: string
}

const RESOURCE = 'https://eventhubs.azure.net'
const SCOPE = `${RESOURCE}/.default`
const AUTHORITY = 'https://login.microsoftonline.com'
const METADATA = 'http://169.254.169.254'
const ASSERTION = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** Throws `NoAccess`, with all that was tried. */
export async function findToken(env: Environment): Promise<AzureToken> {
  const { AZURE_TENANT_ID: tenant, AZURE_CLIENT_ID: client } = env
  const { AZURE_CLIENT_SECRET: secret, AZURE_FEDERATED_TOKEN_FILE: file } = env
  if (tenant && client && secret) {
    const what = `a token for the client ${client} by AZURE_CLIENT_SECRET`
    return ofClient(env, what, { client_secret: secret })
  }
  if (tenant && client && file) {
    const what = `a token for the client ${client} by AZURE_FEDERATED_TOKEN_FILE`
    const token = tokenOfFile(file, 'AZURE_FEDERATED_TOKEN_FILE')
    return ofClient(env, what, { client_assertion_type: ASSERTION, client_assertion: token })
  }
  return ofMachine(env, missingText(env))
}

function missingText(env: Environment): string {
  const names = ['AZURE_TENANT_ID', 'AZURE_CLIENT_ID'].filter((name) => !env[name])
  const missing = names.map((name) => `${name} is not set`)
  const isProven = env.AZURE_CLIENT_SECRET || env.AZURE_FEDERATED_TOKEN_FILE
  const proof = 'neither AZURE_CLIENT_SECRET nor AZURE_FEDERATED_TOKEN_FILE is set'
  return [...missing, ...(isProven ? [] : [proof])].join('; ')
}

function ofClient(
  env: Environment,
  what: string,
  proof: Record<string, string>,
): Promise<AzureToken> {
  const authority = (env.AZURE_AUTHORITY_HOST || AUTHORITY).replace(/\/+$/, '')
  const url = `${authority}/${env.AZURE_TENANT_ID}/oauth2/v2.0/token`
  const grant = { grant_type: 'client_credentials', client_id: env.AZURE_CLIENT_ID!, scope: SCOPE }
  const body = new URLSearchParams({ ...grant, ...proof }).toString()
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  return tokenOf({ what, url, method: 'POST', headers, body })
}

/** The managed identity of a virtual machine. @param missing why it is asked at all */
async function ofMachine(env: Environment, missing: string): Promise<AzureToken> {
  const root = env.AZURE_POD_IDENTITY_AUTHORITY_HOST?.replace(/\/+$/, '') || METADATA
  const query = new URLSearchParams({
    'api-version': '2018-02-01',
    resource: RESOURCE,
    ...(env.AZURE_CLIENT_ID ? { client_id: env.AZURE_CLIENT_ID } : {}),
  })
  const url = `${root}/metadata/identity/oauth2/token?${query}`
  const headers = { metadata: 'true' }
  try {
    const what = 'a token for the managed identity'
    return await tokenOf({ what, url, headers, milliseconds: METADATA_MS })
  } catch (error) {
    throw new NoAccess(`there is no token of Azure: ${missing}; ${messageOf(error)}`, true)
  }
}

async function tokenOf(request: AccessRequest): Promise<AzureToken> {
  const begun = performance.now()
  const { status, body } = await askForAccess(request)
  const { access_token: value, expires_in, error = '', error_description = '' } = membersOf(body)
  const seconds = Number(expires_in)
  if (status === 200 && typeof value === 'string' && seconds > 0) {
    return { value, ends: begun + 1000 * seconds, from: request.what }
  }
  // Behind the first line there are numbers of the request.
  throw accessRefused(request, status, `${error} ${String(error_description).split(/\r?\n/)[0]}`)
}
