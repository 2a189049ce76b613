/** A broker that asks who its clients are: by SASL over TLS, and by client certificates. */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { createCertificates } from './certificates.ts'
import { freePort, type RunningKafka, startKafka } from './kafka.ts'

const JARS = fileURLToPath(new URL('../../.kafka/libs', import.meta.url))
const LOGIN = 'org.apache.kafka.common.security'

export const PASSWORDS = { plain: 'plain-secret', scram: 'scram-secret', key: 'key-secret' }

export const SCOPE = 'kafka'

export interface SecureKafka {
  /** Plain text, for the test itself. */
  readonly address: string
  /** SASL_SSL: `alice` by SCRAM, `bob` by PLAIN. */
  readonly sasl: string
  /** SASL_SSL with tokens (OAUTHBEARER), which need not be signed, but have the scope `SCOPE`. */
  readonly bearer: string
  /** SSL that asks for a client certificate. */
  readonly mutual: string
  /** PEM files: `locked.key` is `client.key`, encrypted with `PASSWORDS.key`; `ca.pem` has signed `broker.pem` and `client.pem`, `other-ca.pem` `other-client.pem`. */
  readonly certificates: string
  stop(): Promise<void>
}

export async function startSecureKafka(): Promise<SecureKafka> {
  const certificates = mkdtempSync(join(tmpdir(), 'stream-enricher-certificates-'))
  createCertificates(certificates, PASSWORDS.key)
  const ports = [await freePort(), await freePort(), await freePort()]
  const [sasl, mutual, bearer] = ports.map((port) => `127.0.0.1:${port}`)
  const settings = {
    'listener.security.protocol.map':
      'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT,SIGNED:SASL_SSL,MUTUAL:SSL,BEARER:SASL_SSL',
    'ssl.keystore.type': 'PEM',
    'ssl.keystore.location': join(certificates, 'broker-store.pem'),
    'ssl.truststore.type': 'PEM',
    'ssl.truststore.location': join(certificates, 'ca.pem'),
    'listener.name.mutual.ssl.client.auth': 'required',
    'listener.name.signed.sasl.enabled.mechanisms': 'SCRAM-SHA-512,PLAIN',
    'listener.name.signed.scram-sha-512.sasl.jaas.config': `${LOGIN}.scram.ScramLoginModule required;`,
    'listener.name.signed.plain.sasl.jaas.config': `${LOGIN}.plain.PlainLoginModule required user_bob="${PASSWORDS.plain}";`,
    'listener.name.bearer.sasl.enabled.mechanisms': 'OAUTHBEARER',
    'listener.name.bearer.oauthbearer.sasl.jaas.config': `${LOGIN}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="broker" unsecuredValidatorRequiredScope="${SCOPE}";`,
  }
  const listeners = [`SIGNED://${sasl}`, `MUTUAL://${mutual}`, `BEARER://${bearer}`]
  const kafka = await startKafka(settings, listeners)
  addScramUser(kafka, 'alice', PASSWORDS.scram)
  return {
    address: kafka.address,
    sasl,
    bearer,
    mutual,
    certificates,
    async stop() {
      await kafka.stop()
      rmSync(certificates, { recursive: true, force: true })
    },
  }
}

function addScramUser({ address }: RunningKafka, user: string, password: string): void {
  const set = ['--alter', '--add-config', `SCRAM-SHA-512=[password=${password}]`]
  const of = ['--entity-type', 'users', '--entity-name', user]
  const command = ['kafka.admin.ConfigCommand', '--bootstrap-server', address]
  execFileSync('java', ['-cp', `${JARS}/*`, ...command, ...set, ...of], { stdio: 'ignore' })
}
