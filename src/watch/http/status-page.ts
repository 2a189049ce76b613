/** The status page at `/`: one document, its style and its modules, as they lie in `page/`. */
import { readdirSync, readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'

const FOLDER = new URL('./page/', import.meta.url)

const TYPES = { html: 'text/html', css: 'text/css', js: 'text/javascript' } as const

/** Only the page's own files run, and only its own server is asked. */
const POLICY = [
  "default-src 'none'",
  "style-src 'self'",
  "script-src 'self'",
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export function pageRoutes(app: FastifyInstance): void {
  for (const name of readdirSync(FOLDER)) {
    const content = readFileSync(new URL(name, FOLDER), 'utf8')
    const type = TYPES[name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES]
    const isPage = name === 'index.html'
    const schema = isPage
      ? { operationId: 'getPage', summary: 'The status page', tags: ['state'] }
      : { hide: true }
    app.get(isPage ? '/' : `/page/${name}`, { schema }, async (_request, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .header('content-security-policy', POLICY)
        .header('x-content-type-options', 'nosniff')
        .header('referrer-policy', 'no-referrer')
        .header('cache-control', 'no-cache')
        .send(content),
    )
  }
}
