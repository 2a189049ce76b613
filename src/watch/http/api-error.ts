/** An answer that is not 200, with a sentence for who asked. */
export class ApiError extends Error {
  readonly statusCode: number
  /** For the Retry-After header: when asking again makes sense. */
  readonly retrySeconds: number | null

  constructor(statusCode: number, message: string, retrySeconds: number | null = null) {
    super(message)
    this.statusCode = statusCode
    this.retrySeconds = retrySeconds
  }
}

/** The schema of such answers. */
export const PROBLEM = {
  type: 'object',
  properties: { error: { type: 'string', description: 'What is wrong, and what to do.' } },
}
