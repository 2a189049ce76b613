import type { Pipeline } from './pipeline.ts'

const HIDDEN = '***'

/** The pipeline as it may be shown: without passwords, private keys and tokens. */
export function redacted(pipeline: Pipeline): Pipeline {
  const { kafka, registry, http } = pipeline
  const { tls, sasl } = kafka
  return {
    ...pipeline,
    kafka: {
      ...kafka,
      tls: tls && without(tls, 'key', 'passphrase'),
      sasl:
        sasl?.mechanism === 'oauthbearer'
          ? without(sasl, 'clientSecret')
          : sasl && without(sasl, 'password'),
    },
    registry: registry && {
      ...without(registry, 'password'),
      url: registry.url.replace(/\/\/[^/@]*@/, `//${HIDDEN}@`),
    },
    http: without(http, 'token'),
  }
}

/** The secrets that are there are hidden; that there is none may be seen. */
function without<T extends object>(of: T, ...secrets: (keyof T)[]): T {
  const hidden = secrets.filter((key) => of[key]).map((key) => [key, HIDDEN])
  return { ...of, ...Object.fromEntries(hidden) }
}
