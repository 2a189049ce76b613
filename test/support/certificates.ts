import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/**
 * PEM files in the folder: two authorities, `ca` and `other-ca`; `broker` (for 127.0.0.1) and `client`, whom the
 * first has signed, and `other-client` of the second; `locked.key` is the client's key with a passphrase.
 */
export function createCertificates(folder: string, passphrase: string): void {
  const openssl = (...args: string[]): void => {
    execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' })
  }
  const request = ['-newkey', 'rsa:2048', '-nodes', '-keyout']
  for (const ca of ['ca', 'other-ca']) {
    const subject = ['-subj', `/CN=${ca}`, '-days', '2', '-out', `${ca}.pem`]
    openssl('req', '-x509', ...request, `${ca}.key`, ...subject)
  }
  writeFileSync(join(folder, 'names'), 'subjectAltName=IP:127.0.0.1')
  const signed = { broker: 'ca', client: 'ca', 'other-client': 'other-ca' }
  for (const [name, ca] of Object.entries(signed)) {
    openssl('req', ...request, `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`)
    const by = ['-CA', `${ca}.pem`, '-CAkey', `${ca}.key`, '-CAcreateserial', '-days', '2']
    const of = ['-in', `${name}.csr`, '-extfile', 'names', '-out', `${name}.pem`]
    openssl('x509', '-req', ...by, ...of)
  }
  const encrypted = ['-v2', 'aes-256-cbc', '-passout', `pass:${passphrase}`]
  openssl('pkcs8', '-topk8', '-in', 'client.key', '-out', 'locked.key', ...encrypted)
  const [key, certificate] = ['broker.key', 'broker.pem'].map((file) =>
    readFileSync(join(folder, file), 'utf8'),
  )
  writeFileSync(join(folder, 'broker-store.pem'), key + certificate)
}
