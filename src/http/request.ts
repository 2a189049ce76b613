import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import type { RequestOptions } from 'node:https'
import { text } from 'node:stream/consumers'
import type { Tls } from '../config/pipeline.ts'

export interface HttpAnswer {
  readonly status: number
  readonly contentType: string
  /** Where a redirection leads; '' where there is none. */
  readonly location: string
  /** By their names in small letters. */
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/**
 * One request of HTTP, by Node's own client: `fetch` takes no certificates of other authorities, nor one
 * of our own. Follows no redirection. Throws where there is no answer, with Node's code and a message.
 */
export async function httpRequest(
  url: string,
  options: Pick<RequestOptions, 'method' | 'headers' | 'signal'>,
  body: string | undefined,
  tls: Partial<Tls> | null,
): Promise<HttpAnswer> {
  const { request } = await import(url.startsWith('https:') ? 'node:https' : 'node:http')
  try {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request(url, { ...options, ...tls }, resolve)
        .once('error', reject)
        .end(body)
    })
    const { statusCode = 0, headers } = answer
    return {
      status: statusCode,
      contentType: headers['content-type'] ?? '',
      location: headers.location ?? '',
      headers,
      body: await text(answer),
    }
  } catch (error) {
    throw withReason(error as Error & { code?: string })
  }
}

/** An error of several addresses has a code only; one of an abort has its reason as the cause. */
function withReason(error: Error & { code?: string }): Error {
  const { message, code = '', cause } = error
  const reason = cause instanceof Error ? cause.message : message || code
  return Object.assign(new Error(reason, { cause: error }), { code })
}
