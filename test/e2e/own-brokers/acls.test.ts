/** The rights that docs/security.md lists are enough, each is needed, and what a missing one ends with. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { loadPipeline } from '../../../src/config/load.ts'
import { type AclKafka, PASSWORD, startAclKafka, USER } from '../../support/acl-kafka.ts'
import { type Right, type Rule, rulesOf } from '../../support/acls.ts'
import { FILE, Orders, ServiceProcess } from '../orders.ts'

const COUNT = 2000
const SESSION_MS = 10_000
const SCHEMAS = join(process.cwd(), 'examples/orders/schemas')

let kafka: AclKafka
let orders: Orders
let file: string
let rules: Rule[]
let env: Record<string, string>

before(async () => {
  kafka = await startAclKafka()
  orders = await Orders.create({ broker: kafka.address })
  await orders.send(0, COUNT)
  await orders.sendRest(COUNT)
  orders.producer.put(orders.topic('orders'), 0, orders.orderedAt(0), null, Buffer.from('no key'))
  await orders.producer.flush()
  file = join(orders.folder, 'pipeline.yaml')
  const sasl = `kafka:\n  sasl: { mechanism: plain, username: ${USER}, password: ${PASSWORD} }\n`
  const text = readFileSync(FILE, 'utf8').replaceAll('./schemas', SCHEMAS)
  writeFileSync(file, text.replace('kafka:\n', sasl))
  env = orders.env({ KAFKA_BROKERS: kafka.sasl, INSTANCE_ID: 'i1' })
  rules = rulesOf(loadPipeline(file, env), orders.topic('again'))
})

after(async () => {
  await orders.close()
  await kafka.stop()
})

async function command(...args: string[]): Promise<{ code: number | string; said: string }> {
  const child = spawn(process.execPath, ['dist/main.js', ...args], {
    env: { ...process.env, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const running = new ServiceProcess(child)
  const timer = setTimeout(() => running.kill(), 90_000)
  const code = await running.ended
  clearTimeout(timer)
  return { code, said: running.log }
}

const start = (): ServiceProcess => orders.start(env, file)

const rule = (kind: Rule['kind'], right: Right, name: string): Rule[] =>
  rules.filter((one) => one.kind === kind && one.right === right && one.name === name)

async function ends(service: ServiceProcess, seconds = 60): Promise<number | string> {
  const timer = setTimeout(() => service.kill(), seconds * 1000)
  const code = await service.ended
  clearTimeout(timer)
  return code
}

/** Rights, and what a retry without them says. */
function lackingToRetry(): [Rule[], RegExp][] {
  const { rejects } = loadPipeline(file, env).output
  const [ledger, id] = [`${rejects}.retried`, `${rejects}.retry`]
  const input = orders.topic('orders')
  return [
    [rule('topic', 'Create', ledger), /lacks the right Create on the topic/],
    [rule('transactional id', 'Write', id), RegExp(`give it write on the transactional id ${id}`)],
    [
      rule('topic', 'Write', input),
      RegExp(`may not write to ${input}; give it write on that topic`),
    ],
  ]
}

test('with exactly the rights that docs/security.md lists every command works', async () => {
  await kafka.grant(rules)
  const checked = await command('check', file)
  assert.equal(checked.code, 0, checked.said)
  assert.match(checked.said, /! topic settings .*may not be seen/)
  assert.equal((await command('plan', file)).code, 0)

  const service = start()
  await orders.expect(COUNT, 'inner', 120)
  assert.match(service.log, /topic_settings_hidden/)
  assert.equal(await service.stop(), 0, service.log)

  const planned = await command('plan', file)
  assert.equal(planned.code, 0, planned.said)
  const shown = await command('rejects', file)
  assert.equal(shown.code, 0, shown.said)
  assert.match(shown.said, /null_key/)
  for (const [taken, sentence] of lackingToRetry()) {
    await kafka.revoke(taken)
    await sleep(500)
    const { code, said } = await command('rejects', 'retry', file, '--force')
    assert.equal(code, 1, said)
    assert.match(said, sentence)
    assert.doesNotMatch(said, /Put back [^0]/)
    await kafka.grant(taken)
    await sleep(500)
  }
  const retried = await command('rejects', 'retry', file, '--force')
  assert.equal(retried.code, 0, retried.said)
  assert.match(retried.said, /Put back 1 record\n/)
  const replayed = await command('replay', file, '--output', orders.topic('again'))
  assert.equal(replayed.code, 0, replayed.said)
  await orders.expect(COUNT, 'inner', 5, orders.topic('again'))
  // A static member, which may come back, is one for a session timeout more.
  await sleep(SESSION_MS)
  const reset = await command('reset', file, '--yes')
  assert.equal(reset.code, 0, reset.said)
  assert.match(reset.said, /deleted topic .*\ndeleted .*\n/)
})

/** A right, and what a start without it says. */
const lacking = (): Record<string, [Rule[], RegExp]> => {
  const { name } = loadPipeline(file, env)
  const output = orders.topic('enriched')
  const input = orders.topic('orders')
  return {
    'Write on the output': [
      rule('topic', 'Write', output),
      RegExp(`NOT_AUTHORIZED.*lacks the right Write on the topic ${output}`),
    ],
    'Read on an input': [
      // Who may write, as a retry does, may describe.
      [...rule('topic', 'Read', input), ...rule('topic', 'Write', input)],
      RegExp(`TOPIC_MISSING.*${input} does not exist \\(or may not be described\\)`),
    ],
    'Read on the group': [
      rule('group', 'Read', name),
      RegExp(`NOT_AUTHORIZED.*lacks the right Read on the group ${name}`),
    ],
    'Write on the transactional id': [
      rule('transactional id', 'Write', `${name}-`),
      RegExp(`NOT_AUTHORIZED.*lacks the right Write on the transactional id ${name}-i1`),
    ],
  }
}

test('a start that lacks a right ends with a sentence, and check names the same', async () => {
  for (const [what, [taken, sentence]] of Object.entries(lacking())) {
    assert.notEqual(taken.length, 0, what)
    await kafka.revoke(taken)
    await sleep(500)
    const service = start()
    assert.equal(await ends(service), 1, `${what}: ${service.log}`)
    assert.match(service.log, sentence, what)
    const checked = await command('check', file)
    assert.equal(checked.code, 1, `${what}: ${checked.said}`)
    assert.match(checked.said, /✗ (permissions|inputs)/, `${what}: ${checked.said}`)
    await kafka.grant(taken)
    await sleep(500)
  }
})

test('a right that is taken away while the service runs ends it with a sentence', async () => {
  const output = orders.topic('enriched')
  const service = start()
  await service.logged('Task running')
  await kafka.revoke(rule('topic', 'Write', output))
  await orders.send(0, 200)
  await orders.sendRest(200)
  assert.equal(await ends(service), 1, service.log)
  assert.match(service.log, RegExp(`lacks the right Write on the topic ${output}`))
  await kafka.grant(rule('topic', 'Write', output))
})

test('rejects without the right to read them says which', async () => {
  const topic = orders.topic('rejects')
  await kafka.revoke(rule('topic', 'Read', topic))
  await sleep(500)
  const { code, said } = await command('rejects', file)
  assert.equal(code, 1)
  assert.match(said, RegExp(`Read on the topic ${topic}`))
  await kafka.grant(rule('topic', 'Read', topic))
})
