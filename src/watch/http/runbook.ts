/** The runbook at `/runbook`, so that a reason leads to what to do about it wherever the instance runs. */
import { readFileSync } from 'node:fs'
import type { FastifyInstance } from 'fastify'
import { documentPage, escaped, sendDocument } from './document-page.ts'

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
  const html = documentPage('Runbook', htmlOf(markdown))
  const summary = 'What alerts and the status page’s reasons mean'
  const schema = { operationId: 'getRunbook', summary, tags: ['state'] }
  app.get('/runbook', { schema }, async (_request, reply) => sendDocument(reply, html))
}
