/** The status page at `/`: one file, with its style and script inside. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'

const html = readFileSync(new URL('./status-page.html', import.meta.url), 'utf8')

/** Only the page's own style and script run, and only its own server is asked. */
const POLICY = [
  "default-src 'none'",
  `style-src ${hashOf('style')}`,
  `script-src ${hashOf('script')}`,
  "connect-src 'self'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

function hashOf(tag: string): string {
  const [, content] = new RegExp(`<${tag}>([^]*?)</${tag}>`).exec(html)!
  return `'sha256-${createHash('sha256').update(content).digest('base64')}'`
}

export function pageRoute(app: FastifyInstance): void {
  const schema = { summary: 'The status page', tags: ['state'] }
  app.get('/', { schema }, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache')
      .send(html),
  )
}
