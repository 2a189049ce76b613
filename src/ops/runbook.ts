/** The runbook at `/runbook`, so that a reason leads to what to do about it wherever the instance runs. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'

const STYLE = `:root { color-scheme: light dark; }
body { max-width: 46rem; margin: 2rem auto; padding: 0 1rem; font: 16px/1.55 system-ui, sans-serif; }
h2, h3 { margin-top: 2.2rem; overflow-wrap: anywhere; }
:target { background: light-dark(#fdeccf, #3a2a10); }
pre, code { font-size: .88em; overflow-wrap: anywhere; white-space: pre-wrap; }`

const POLICY = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(STYLE).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** As much of Markdown as the runbook is written in: headings, paragraphs, indented code, and inline code, links, stress. */
export function htmlOf(markdown: string): string {
  const blocks = markdown.trim().split(/\n{2,}/)
  return blocks.map(blockOf).join('\n')
}

function blockOf(block: string): string {
  const [, marks, title] = /^(#+) (.*)$/.exec(block) ?? []
  if (marks !== undefined) {
    const { length } = marks
    return `<h${length} id="${anchorOf(title)}">${inline(title)}</h${length}>`
  }
  if (/^ {4}/.test(block)) return `<pre>${escaped(block.replace(/^ {4}/gm, ''))}</pre>`
  return `<p>${inline(block)}</p>`
}

const anchorOf = (title: string): string => title.toLowerCase().replaceAll(' ', '-')

const escaped = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** Code stays as it is; other files are not here, so that only links within the page are links. */
const inline = (text: string): string =>
  text
    .split(/(`[^`]+`)/)
    .map((part) => {
      if (part.startsWith('`')) return `<code>${escaped(part.slice(1, -1))}</code>`
      return escaped(part)
        .replace(/\[([^\]]+)\]\((#[\w-]+)\)/g, '<a href="$2">$1</a>')
        .replace(/\[([^\]]+)\]\([^)]+\)/g, '$1')
        .replace(/\*([^*]+)\*/g, '<em>$1</em>')
    })
    .join('')

export function runbookRoute(app: FastifyInstance): void {
  const markdown = readFileSync(new URL('./RUNBOOK.md', import.meta.url), 'utf8')
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Runbook · stream-enricher</title>
<style>${STYLE}</style>
</head>
<body>
${htmlOf(markdown)}
</body>
</html>
`
  const schema = { summary: 'What alerts and the status page’s reasons mean', tags: ['state'] }
  app.get('/runbook', { schema }, async (_request, reply) =>
    reply
      .type('text/html; charset=utf-8')
      .header('content-security-policy', POLICY)
      .header('x-content-type-options', 'nosniff')
      .header('referrer-policy', 'no-referrer')
      .header('cache-control', 'no-cache')
      .send(html),
  )
}
