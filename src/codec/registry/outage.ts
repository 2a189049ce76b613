/** Why the registry gives no answer, and who has to do what about it. */
import type { RegistryConfig } from '../../config/pipeline.ts'
import { EnricherError, messageOf } from '../../errors.ts'
import { alertOf, tlsFault } from '../../http/tls-fault.ts'
import { isOfUser, NoRegistry, Redirected } from './request.ts'

/** The error REGISTRY_UNAVAILABLE, with what a person has to look at. */
export function unavailable(config: RegistryConfig, cause: unknown): EnricherError {
  const message = `The schema registry ${config.url} ${reasonOf(config, cause)}`
  return new EnricherError('REGISTRY_UNAVAILABLE', message, { cause })
}

function reasonOf({ url, username, token, tls }: RegistryConfig, cause: unknown): string {
  const why = messageOf(cause)
  if (cause instanceof Redirected) {
    return `sends us elsewhere (${why}); set registry.url to where it leads`
  }
  if (isOfUser(cause)) {
    if (token !== null) {
      return `refuses our token (${why}); check registry.token and what its owner may read`
    }
    const who = username === null ? 'us, who name no user' : `the user ${username}`
    return `refuses ${who} (${why}); check registry.username, registry.password and what that user may read`
  }
  if (cause instanceof NoRegistry && cause.status < 500) {
    return `does answer, but not as a schema registry (${why}); set registry.url to where its API is: Confluent's at the root, Apicurio's at /apis/ccompat/v7`
  }
  const { code = '' } = cause as { code?: string }
  switch (tlsFault(String(code), why)) {
    case 'untrusted':
      return `has a certificate that is not trusted (${why}); set registry.tls.ca to the certificate of the authority that has signed it`
    case 'unfit':
      return `has a certificate that does not fit (${why}); name the host in registry.url as its certificate does, or have the certificate made anew`
    case 'refused':
      return `${tls?.cert === undefined ? 'asks for' : 'refuses'} our certificate (${alertOf(String(code))}); set registry.tls.cert and registry.tls.key to one that an authority it trusts has signed`
    case 'unusable':
      return `cannot be asked with the certificates of registry.tls (${why}); ca, cert and key have to be PEM text, the key that of the certificate, and passphrase its own`
    default:
      return `does not answer (${why}); check registry.url${url.startsWith('https:') ? ', and registry.tls.cert where it asks for a certificate' : ', which is https where it speaks TLS'}`
  }
}

/** Whether somebody has to change an address, a user, a right or a certificate: that is waited for only where there is no end to it. */
export const isOfAccess = (error: unknown): boolean => {
  const { code = '' } = error as { code?: string | number }
  const isSettled = isOfUser(error) || error instanceof Redirected
  return isSettled || tlsFault(String(code), messageOf(error)) !== undefined
}
