/** How connections sign in: users by kafkajs itself, tokens as RFC 7628 has it. */
import type { Sasl } from '../config/pipeline.ts'
import { brokerError } from './broker-errors.ts'
import { DecoderClass, EncoderClass, SaslAuthenticationError } from './kafkajs.ts'
import { OauthTokens } from './oauth-tokens.ts'

export interface SignIn {
  /** What one of kafkajs's clusters signs in by; it adds to what it gets. */
  options(): object | undefined
  close(): void
}

/** What kafkajs gives to who signs in. */
interface Exchange {
  saslAuthenticate(message: {
    request: { encode(): Promise<Buffer> }
    response: { decode(raw: Buffer): Promise<Buffer>; parse(challenge: Buffer): Promise<Buffer> }
  }): Promise<Buffer>
}

export function signInBy(sasl: Sasl | null): SignIn {
  if (sasl?.mechanism !== 'oauthbearer') {
    return { options: () => (sasl === null ? undefined : { ...sasl }), close() {} }
  }
  const tokens = new OauthTokens(sasl)
  const authenticationProvider = (exchange: Exchange) => ({
    authenticate: async () => present(await tokens.value(), exchange),
  })
  return {
    options: () => ({ mechanism: sasl.mechanism, authenticationProvider }),
    close: () => tokens.close(),
  }
}

/**
 * A broker answers a token that it refuses with a challenge, and says why after one byte more. kafkajs takes
 * the challenge for a welcome: its next request would then break the connection, without a reason.
 */
async function present(token: string, exchange: Exchange): Promise<void> {
  try {
    const challenge = await say(`n,,\x01auth=Bearer ${token}\x01\x01`, exchange)
    if (challenge.length === 0) return
    await say('\x01', exchange)
    throw new SaslAuthenticationError(challenge.toString())
  } catch (error) {
    if (brokerError(error)?.name !== 'SASL_AUTHENTICATION_FAILED') throw error
    throw new SaslAuthenticationError((error as Error).message)
  }
}

const say = (message: string, { saslAuthenticate }: Exchange): Promise<Buffer> =>
  saslAuthenticate({
    request: { encode: async () => new EncoderClass().writeBytes(Buffer.from(message)).buffer },
    response: {
      decode: async (raw) => new DecoderClass(raw).readBytes(),
      parse: async (challenge) => challenge,
    },
  })
