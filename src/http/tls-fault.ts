/** What Node says of a server's certificate that it does not trust. */
const UNTRUSTED = new Set([
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_UNTRUSTED',
])

/**
 * What is wrong with a TLS connection: nobody we trust has signed the server's certificate (`untrusted`),
 * it is another host's or out of date (`unfit`), the server does not take ours (`refused`), or our own
 * cannot be used (`unusable`). undefined: something else.
 */
export type TlsFault = 'untrusted' | 'unfit' | 'refused' | 'unusable'

/** @param code of the error, '' where it has none. @param why its message */
export function tlsFault(code: string, why: string): TlsFault | undefined {
  if (UNTRUSTED.has(code)) return 'untrusted'
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID' || code.startsWith('CERT_')) return 'unfit'
  if (code.includes('_ALERT_')) return 'refused'
  return /PEM routines|key values mismatch|bad decrypt/.test(why) ? 'unusable' : undefined
}

/** `ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE` → `bad certificate`. */
export const alertOf = (code: string): string =>
  code
    .replace(/^.*_ALERT_/, '')
    .replaceAll('_', ' ')
    .toLowerCase()
