/**
 * Signatures of requests to AWS: Signature Version 4, for requests of the path / without a query, as AWS Glue's all are.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html
 */
import { createHash, createHmac } from 'node:crypto'

export interface AwsKeys {
  readonly accessKeyId: string
  readonly secretAccessKey: string
  /** Of keys that end; null: these do not. */
  readonly sessionToken: string | null
}

export interface AwsRequest {
  readonly method: string
  /** By their names in small letters, `host` among them. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

export interface AwsScope {
  readonly region: string
  readonly service: string
  /** The moment of the request, which AWS takes for up to 15 minutes, in ms since 1970. */
  readonly at: number
}

const ALGORITHM = 'AWS4-HMAC-SHA256'

/** The request's headers with the signature, and what belongs to it. */
export function signed(
  { method, headers, body }: AwsRequest,
  keys: AwsKeys,
  { region, service, at }: AwsScope,
): Record<string, string> {
  // 20150830T123600Z
  const time = new Date(at).toISOString().replace(/[-:]|\.\d+/g, '')
  const day = time.slice(0, 8)
  const token = keys.sessionToken === null ? {} : { 'x-amz-security-token': keys.sessionToken }
  const all: Record<string, string> = { ...headers, 'x-amz-date': time, ...token }
  const names = Object.keys(all).sort()
  const lines = names.map((name) => `${name}:${all[name].trim().replace(/ +/g, ' ')}\n`)
  const request = [method, '/', '', lines.join(''), names.join(';'), hashed(body)].join('\n')
  const scope = `${day}/${region}/${service}/aws4_request`
  const key = [day, region, service, 'aws4_request'].reduce<Buffer | string>(
    hmac,
    `AWS4${keys.secretAccessKey}`,
  )
  const signature = hmac(key, [ALGORITHM, time, scope, hashed(request)].join('\n')).toString('hex')
  const authorization = `${ALGORITHM} Credential=${keys.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`
  return { ...all, authorization }
}

const hashed = (text: string): string => createHash('sha256').update(text).digest('hex')

const hmac = (key: Buffer | string, text: string): Buffer =>
  createHmac('sha256', key).update(text).digest()
