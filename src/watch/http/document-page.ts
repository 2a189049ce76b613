/** Pages to read, without a script: the runbook and the API's reference. */
import { createHash } from 'node:crypto'
import type { FastifyReply } from 'fastify'

const STYLE = `:root { color-scheme: light dark; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.55 system-ui, sans-serif; }
h2, h3 { margin-top: 2.2rem; overflow-wrap: anywhere; }
:target { background: light-dark(#fdeccf, #3a2a10); }
pre, code { font-size: .88em; overflow-wrap: anywhere; white-space: pre-wrap; }
pre { background: light-dark(#f1f3f6, #1d2430); padding: .6rem .8rem; border-radius: 6px; }
dt { margin-top: .5rem; }
dd { margin-left: 1.2rem; }
nav ul { list-style: none; padding: 0; }`

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

export const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** @param body HTML */
export const documentPage = (title: string, body: string): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)} · stream-enricher</title>
<style>${STYLE}</style>
</head>
<body>
${body}
</body>
</html>
`

export const sendDocument = (reply: FastifyReply, html: string): FastifyReply =>
  reply
    .type('text/html; charset=utf-8')
    .header('content-security-policy', POLICY)
    .header('x-content-type-options', 'nosniff')
    .header('referrer-policy', 'no-referrer')
    .header('cache-control', 'no-cache')
    .send(html)
