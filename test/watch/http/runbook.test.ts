import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { createApp } from '../../../src/watch/http/http.ts'
import { htmlOf } from '../../../src/watch/http/runbook.ts'
import { REASON_NAMES } from '../../../src/watch/verdict/reasons.ts'
import { RUNBOOK_FILE } from '../../monitoring/rules.ts'
import { parts } from '../parts.ts'

test('the runbook that the service shows is the chart’s', () => {
  const shown = readFileSync('src/watch/http/RUNBOOK.md', 'utf8')
  assert.equal(shown, readFileSync(RUNBOOK_FILE, 'utf8'), 'npm run monitoring copies it')
})

test('every reason and every link of the runbook leads to a section of its page, and nothing of Markdown is left', async () => {
  const app = await createApp(parts())
  const { headers, body } = await app.inject('/runbook')
  assert.match(String(headers['content-type']), /^text\/html/)
  const ids = new Set([...body.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id))
  for (const reason of REASON_NAMES) assert.ok(ids.has(reason), reason)
  const links = [...body.matchAll(/<a href="#([^"]+)"/g)].map(([, id]) => id)
  assert.ok(links.length > 20)
  assert.deepEqual(
    links.filter((id) => !ids.has(id)),
    [],
  )
  const text = body.replaceAll(/<(style|pre|code)>.*?<\/\1>/gs, '').replaceAll(/<[^>]*>/g, '')
  assert.doesNotMatch(text, /^#|\]\(|`|\*/m)
})

test('what looks like markup in the runbook is text', () => {
  assert.equal(
    htmlOf('a < b & *c* `<d> *e*`\n\n    <pre>\n    & more'),
    '<p>a &lt; b &amp; <em>c</em> <code>&lt;d&gt; *e*</code></p>\n<pre>&lt;pre&gt;\n&amp; more</pre>',
  )
})
