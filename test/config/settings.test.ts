import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { loadPipeline, parsePipeline } from '../../src/config/load.ts'
import { defaultSettings, fileSettings, settingsText } from '../../src/config/settings.ts'

const FILE = 'examples/orders/pipeline.yaml'

test('the settings as printed, defaults too, are a file that means the same', () => {
  const env = { KAFKA_BROKERS: 'a:1,b:2', HTTP_PORT: '81' }
  const pipeline = loadPipeline(FILE, env)
  const given = fileSettings(readFileSync(FILE, 'utf8'), env)
  const all = settingsText([...given, ...defaultSettings(pipeline, given)])
  assert.deepEqual(parsePipeline(all, FILE, {}), pipeline)
  assert.deepEqual(parsePipeline(settingsText(given), FILE, {}), pipeline)
  const printed = parsePipeline(all, FILE, {})
  assert.deepEqual(defaultSettings(printed, fileSettings(all, {})), [])
})

test('a setting says whether it is from a line, the environment, a file or a default', () => {
  const text = `
name: x
kafka: { brokers: "\${KAFKA_BROKERS}", clientId: "\${CLIENT:-me}" }
registry: { url: "http://r", username: "\${file:/etc/hostname}" }
facts: { topic: a }
join: { topic: b, on: k, within: 1s }
output: { topic: c }
`
  const env = { KAFKA_BROKERS: 'h:1' }
  const sourceOf = (path: string) =>
    fileSettings(text, env).find((setting) => setting.path.join('.') === path)?.source
  assert.equal(sourceOf('name'), 'line 2')
  assert.equal(sourceOf('kafka.brokers'), 'line 3, environment KAFKA_BROKERS')
  assert.equal(sourceOf('kafka.clientId'), 'line 3, default of ${CLIENT}, which is not set')
  assert.equal(sourceOf('registry.username'), 'line 4, file /etc/hostname')
  const pipeline = parsePipeline(text, 'p.yaml', env)
  const defaults = defaultSettings(pipeline, fileSettings(text, env))
  const defaultOf = (path: string) => defaults.find((s) => s.path.join('.') === path)?.value
  assert.equal(defaultOf('output.rejects'), 'c.rejects')
  assert.equal(defaultOf('http.port'), 8080)
  assert.equal(defaultOf('kafka.clientId'), undefined)
})

test('no secret is printed, wherever it comes from', () => {
  const text = `
kafka:
  brokers: a
  tls: { key: "hush-1", passphrase: "\${PASS}", ca: shown }
  sasl: { mechanism: plain, username: me, password: "\${NONE:-hush-3}" }
registry: { url: "https://host:8081", password: hush-4 }
http: { token: "\${TOKEN}" }
`
  const printed = settingsText(fileSettings(text, { PASS: 'hush-2', TOKEN: 'hush-6' }))
  assert.doesNotMatch(printed, /hush/)
  assert.match(printed, /ca: shown/)
  const client = 'kafka: { sasl: { mechanism: oauthbearer, clientId: me, clientSecret: hush-5 } }'
  const ofClient = settingsText(fileSettings(client, {}))
  assert.doesNotMatch(ofClient, /hush/)
  assert.match(ofClient, /clientId: me/)
  assert.match(printed, /host:8081/)
})
