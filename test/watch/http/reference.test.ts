import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createApp } from '../../../src/watch/http/http.ts'
import { referenceOf } from '../../../src/watch/http/reference.ts'
import { parts } from '../parts.ts'

test('the reference has every operation of the OpenAPI document, linked, and asks nobody else', async () => {
  const app = await createApp(parts({ token: 'any' }))
  const { body, headers } = await app.inject('/docs')
  assert.match(String(headers['content-security-policy']), /default-src 'none'/)
  assert.doesNotMatch(body, /<script|(src|href)="(https?:)?\/\//)
  const { paths } = (await app.inject('/openapi.json')).json()
  const operations = Object.entries(
    paths as Record<string, Record<string, { operationId: string }>>,
  )
  for (const [path, methods] of operations) {
    for (const [method, { operationId }] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`
      assert.ok(body.includes(`<a href="#${operationId}"><code>${name}</code></a>`), name)
      assert.ok(body.includes(`<h3 id="${operationId}"><code>${name}</code></h3>`), name)
    }
  }
})

test('the reference says what an operation takes and answers, and which want the token', async () => {
  const app = await createApp(parts({ token: 'any' }))
  const { body } = await app.inject('/docs')
  const section = (id: string): string => body.split(`<h3 id="${id}">`)[1].split('<h3')[0]
  const query = section('getWindowRecords')
  assert.match(query, /<code>partition<\/code> \(query, integer, optional\)/)
  assert.match(query, /<code>421<\/code> With local=true/)
  assert.match(query, /\n?records: array of object\n {2}time: integer/)
  assert.doesNotMatch(query, /Wants the token/)
  assert.match(section('setLogger'), /Wants the token.*Body:.*level: trace \| debug/s)
})

test('what looks like markup in a description is text', () => {
  const get = { operationId: 'x', summary: 'a <b>', description: '<i> & <script>', tags: ['state'] }
  assert.match(
    referenceOf({ paths: { '/<x>': { get } } }),
    /a &lt;b&gt;\. &lt;i&gt; &amp; &lt;script&gt;/,
  )
})
