/** Why the registry gives no answer, and who has to do what about it. */
import type { RegistryConfig, RegistryType } from '../../config/pipeline.ts'
import { EnricherError, messageOf } from '../../errors.ts'
import { alertOf, tlsFault } from '../../http/tls-fault.ts'
import { NoAccess } from './access.ts'
import { FORBIDDEN, isOfUser, NoRegistry, Redirected, type Refused } from './request.ts'

/** The error REGISTRY_UNAVAILABLE, with what a person has to look at. */
export function unavailable(config: RegistryConfig, cause: unknown): EnricherError {
  const message = `The schema registry ${config.url} ${reasonOf(config, cause)}`
  return new EnricherError('REGISTRY_UNAVAILABLE', message, { cause })
}

function reasonOf(config: RegistryConfig, cause: unknown): string {
  const { url, tls } = config
  const why = messageOf(cause)
  if (cause instanceof NoAccess) return `cannot be asked: ${why}`
  if (cause instanceof Redirected) {
    return `sends us elsewhere (${why}); set ${placeOf(config)} to where it leads`
  }
  if (isOfUser(cause)) return refusalOf(config, cause as Refused, why)
  if (cause instanceof NoRegistry && cause.status < 500) {
    return `does answer, but not as a schema registry (${why}); ${ADDRESSES[config.type]}`
  }
  const { code = '' } = cause as { code?: string }
  switch (tlsFault(String(code), why)) {
    case 'untrusted':
      return `has a certificate that is not trusted (${why}); set registry.tls.ca to the certificate of the authority that has signed it`
    case 'unfit':
      return `has a certificate that does not fit (${why}); name the host in ${placeOf(config)} as its certificate does, or have the certificate made anew`
    case 'refused':
      return `${tls?.cert === undefined ? 'asks for' : 'refuses'} our certificate (${alertOf(String(code))}); set registry.tls.cert and registry.tls.key to one that an authority it trusts has signed`
    case 'unusable':
      return `cannot be asked with the certificates of registry.tls (${why}); ca, cert and key have to be PEM text, the key that of the certificate, and passphrase its own`
    default:
      return `does not answer (${why}); check ${placeOf(config)}${url.startsWith('https:') ? ', and registry.tls.cert where it asks for a certificate' : ', which is https where it speaks TLS'}`
  }
}

/** Where the file has its address. */
const placeOf = ({ type }: RegistryConfig): string =>
  type === 'glue' ? 'registry.region and registry.endpoint' : 'registry.url'

const OF_CONFLUENT =
  "set registry.url to where its API is: Confluent's at the root, Apicurio's at /apis/ccompat/v7"
const ADDRESSES: Readonly<Record<RegistryType, string>> = {
  confluent: OF_CONFLUENT,
  apicurio: OF_CONFLUENT,
  glue: 'set registry.endpoint to an endpoint of AWS Glue, or leave it out',
  azure:
    'set registry.url to the Event Hubs namespace, as https://NAMESPACE.servicebus.windows.net',
}

function refusalOf({ type, username, token }: RegistryConfig, refused: Refused, why: string) {
  const isForbidden = refused.status === FORBIDDEN
  if (type === 'glue') {
    const may = 'glue:GetSchemaVersion and glue:GetSchemaByDefinition'
    return isForbidden
      ? `lets our role not read (${why}); its policy has to allow ${may}`
      : `refuses our credentials of AWS (${why}); check them, the region and this machine’s clock`
  }
  if (token !== null) {
    return `refuses our token (${why}); check registry.token and what its owner may read`
  }
  if (type === 'azure') {
    return isForbidden
      ? `lets our identity not read (${why}); give it the role Schema Registry Reader of the namespace, or Contributor to register outputs`
      : `refuses our token of Azure (${why}); check AZURE_TENANT_ID, AZURE_CLIENT_ID and the role Schema Registry Reader of the namespace`
  }
  const who = username === null ? 'us, who name no user' : `the user ${username}`
  return `refuses ${who} (${why}); check registry.username, registry.password and what that user may read`
}

/** Whether somebody has to change an address, a user, a right or a certificate: that is waited for only where there is no end to it. */
export const isOfAccess = (error: unknown): boolean => {
  const { code = '' } = error as { code?: string | number }
  if (error instanceof NoAccess) return error.isSettled
  const isSettled = isOfUser(error) || error instanceof Redirected
  return isSettled || tlsFault(String(code), messageOf(error)) !== undefined
}
