/** `replay` on a real broker, against what the service wrote and against a join by hand. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import avsc from 'avsc'
import * as data from '../../examples/orders/data.ts'
import { partitionOf } from '../../src/broker/partition-of.ts'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { readAll } from '../support/topics.ts'
import { FILE, Orders, ServiceProcess } from './orders.ts'

const COUNT = 20_000
const PARTITIONS = 4
const FRAME = 5
const SCHEMAS = join(process.cwd(), 'examples/orders/schemas')

function start(orders: Orders, more: Record<string, string>, ...args: string[]): ServiceProcess {
  const child = spawn(process.execPath, ['dist/main.js', 'replay', ...args], {
    env: { ...process.env, ...orders.env(more) },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return new ServiceProcess(child)
}

async function run(orders: Orders, ...args: string[]): Promise<{ code: unknown; said: string }> {
  const replay = start(orders, {}, ...args)
  const timer = setTimeout(() => replay.kill(), 90_000)
  const code = await replay.ended
  clearTimeout(timer)
  return { code, said: replay.log }
}

/** What a topic holds: partition, time, key and value without its frame, sorted. */
async function content(orders: Orders, topic: string): Promise<string[]> {
  const lines: string[] = []
  await readAll(orders.broker, topic, ({ partition, timestamp, key, value }) => {
    const body = value?.subarray(FRAME).toString('base64')
    lines.push([partition, timestamp, key, body].join(' '))
  })
  return lines.sort()
}

type Kind = 'inner' | 'left' | 'outer'

/** Of an outer join some orders never come, and their payments come out alone. */
const isSent: Readonly<Record<Kind, (i: number) => boolean>> = {
  inner: () => true,
  left: () => true,
  outer: (i) => i % 7 !== 3,
}
const sentOf = (kind: Kind, from: number, to: number): string => {
  let sent = 0
  for (let i = from; i < to; i++) if (isSent[kind](i)) sent++
  return sent.toLocaleString('en-US')
}

const comesOut = (kind: Kind, sent: boolean, paid: boolean): boolean =>
  (sent && paid) || (sent && kind !== 'inner') || (paid && kind === 'outer')

/** What has to come out for the orders of some event times. @param partition of an order's row */
async function expected(
  orders: Orders,
  kind: Kind,
  from: number,
  to: number,
  partition = (i: number): number => i % PARTITIONS,
): Promise<string[]> {
  const pipeline = loadPipeline(FILE, orders.env({ JOIN_KIND: kind }))
  const { outputSchema } = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const type = avsc.Type.forSchema(JSON.parse(outputSchema))
  const lines: string[] = []
  for (let i = 0; i < COUNT; i++) {
    const at = orders.orderedAt(i)
    const sent = isSent[kind](i)
    const paid = data.isPaid(i)
    const time = paid ? at + data.payDelay(i) : at
    // A row belongs to the time of its order, a payment without one to its own.
    const belongs = sent ? at : time
    if (belongs < from || belongs >= to || !comesOut(kind, sent, paid)) continue
    const body = type.toBuffer(data.enriched(i, at, paid, sent)).toString('base64')
    lines.push([partition(i), time, data.orderId(i), body].join(' '))
  }
  return lines.sort()
}

function equal(got: readonly string[], wanted: readonly string[]): void {
  assert.equal(got.length, wanted.length)
  for (const [i, line] of wanted.entries()) assert.equal(got[i], line)
}

/** A replay leaves the group, topics and folder of nobody but the service. */
async function expectNothingLeft(orders: Orders, topics: readonly string[]): Promise<void> {
  const changelogs = topics.map((topic) => `${orders.tag}-job-replay-${topic}`)
  for (const name of changelogs) {
    const { state } = await orders.broker.administration.describeGroup(`${name}-open-open`)
    assert.equal(state, 'Dead')
  }
  const folder = join(orders.folder, 'state')
  const folders = existsSync(folder) ? readdirSync(folder) : []
  assert.deepEqual(
    folders.filter((name) => name.includes('replay')),
    [],
  )
}

for (const kind of ['inner', 'left', 'outer'] as const) {
  test(`a replay of everything writes what the service wrote, which does not notice (${kind})`, async () => {
    const orders = await Orders.create({ isSent: isSent[kind] })
    try {
      await orders.send(0, COUNT)
      await orders.sendRest(COUNT)
      const service = orders.start({ JOIN_KIND: kind, JOIN_IDLE: '2s' })
      await orders.expect(COUNT, kind)
      await orders.expectTaken()
      const group = `${orders.tag}-job`
      const before = await orders.broker.administration.groupOffsets(group)
      const topic = orders.topic('again')
      const replay = start(orders, { JOIN_KIND: kind }, FILE, '--output', topic)
      assert.equal(await replay.ended, 0, replay.log)
      const wanted = await content(orders, orders.topic('enriched'))
      equal(await content(orders, topic), wanted)
      assert.match(replay.log, new RegExp(`^ {2}${sentOf(kind, 0, COUNT)} facts read$`, 'm'))
      const count = wanted.length.toLocaleString('en-US')
      assert.match(replay.log, new RegExp(`^ {2}${count} records written to ${topic}$`, 'm'))
      assert.match(replay.log, /^Complete after \d+ seconds?$/m)
      assert.deepEqual(await orders.broker.administration.groupOffsets(group), before)
      assert.ok(service.alive)
      await expectNothingLeft(orders, [topic])

      const twice = await run(orders, FILE, '--output', topic)
      assert.equal(twice.code, 1)
      assert.match(twice.said, /has records already; name another topic, or add .* --append/)
    } finally {
      await orders.close()
    }
  })

  test(`a replay of a part is the join of this part (${kind})`, async () => {
    const orders = await Orders.create({ perSecond: 50, isSent: isSent[kind] })
    try {
      await orders.send(0, COUNT)
      await orders.sendRest(COUNT)
      const from = orders.orderedAt(5000) + 1
      const to = orders.orderedAt(9000)
      const topic = orders.topic('part')
      const args = [FILE, '--output', topic, '--from', String(from)]
      const iso = new Date(to).toISOString()
      const part = start(orders, { JOIN_KIND: kind }, ...args, '--to', iso)
      assert.equal(await part.ended, 0, part.log)
      equal(await content(orders, topic), await expected(orders, kind, from, to))
      // An outer join reads those, too, that payments of the part may match.
      if (kind !== 'outer') assert.match(part.log, /^ {2}3,999 facts read$/m)

      const rest = start(
        orders,
        { JOIN_KIND: kind },
        FILE,
        '--output',
        topic,
        '--append',
        '--from',
        iso,
      )
      assert.equal(await rest.ended, 0, rest.log)
      equal(await content(orders, topic), await expected(orders, kind, from, Number.MAX_VALUE))
    } finally {
      await orders.close()
    }
  })
}

for (const [repartition, kind] of [
  ['facts', 'left'],
  ['both', 'outer'],
] as const) {
  test(`a replay of a part whose ${repartition} are keyed otherwise is the join of this part, also where it was killed (${kind})`, async () => {
    const orders = await Orders.create({ perSecond: 50, isSent: isSent[kind], repartition })
    try {
      await orders.send(0, COUNT)
      await orders.sendRest(COUNT)
      const from = orders.orderedAt(5000)
      const to = orders.orderedAt(17_000)
      const file = smallEpochs(orders, (text) =>
        text.replace('on: order_id', `on: order_id\n  repartition: ${repartition}`),
      )
      const topic = orders.topic('part')
      const args = [file, '--output', topic, '--from', String(from), '--to', String(to)]
      const killed = start(orders, { JOIN_KIND: kind, ENRICHER_KILL_AFTER: '3:6' }, ...args)
      assert.equal(await killed.ended, 'SIGKILL', killed.log)
      const name = `${orders.tag}-job-replay-${topic}-${from}-${to}`
      await left(orders, name)
      const replay = start(orders, { JOIN_KIND: kind }, ...args)
      assert.equal(await replay.ended, 0, replay.log)
      // Of the side that is not repartitioned, or else as many as the orders have.
      const partitions = repartition === 'both' ? 3 : PARTITIONS
      const partition = (i: number) => partitionOf(Buffer.from(data.orderId(i)), partitions)
      equal(await content(orders, topic), await expected(orders, kind, from, to, partition))
      const own = ['facts-repartition', 'right-repartition', 'window-changelog']
      const found = await orders.broker.admin.describeTopics(own.map((end) => `${name}-${end}`))
      assert.deepEqual([...found.keys()], [])
    } finally {
      await orders.close()
    }
  })
}

test('a replay by a time field finds records that were written later than they happened, in any order', async () => {
  const orders = await Orders.create({ perSecond: 50 })
  try {
    const text = readFileSync(FILE, 'utf8')
      .replace(
        '  schema: ./schemas/order.avsc',
        '  time: ordered_at\n  schema: ./schemas/order.avsc',
      )
      .replace(
        '  schema: ./schemas/payment.avsc',
        '  time: paid_at\n  schema: ./schemas/payment.avsc',
      )
      .replaceAll('./schemas', SCHEMAS)
    const file = join(orders.folder, 'by-field.yaml')
    writeFileSync(file, text)
    const late = 86_400_000
    const { producer } = orders
    for (let i = 0; i < COUNT; i++) {
      const at = orders.orderedAt(i)
      // Up to ten seconds out of order.
      const j = i ^ 421
      if (j >= COUNT) continue
      const key = Buffer.from(data.orderId(j))
      const ordered = orders.orderedAt(j)
      const order = data.encode('order', data.order(j, ordered))
      producer.put(orders.topic('orders'), j % PARTITIONS, at + late, key, order)
    }
    await producer.flush()
    const paid = Array.from({ length: COUNT }, (_, i) => i)
      .filter(data.isPaid)
      .map((i) => ({ i, at: orders.orderedAt(i) + data.payDelay(i) }))
      .sort((a, b) => a.at - b.at)
    for (const { i, at } of paid) {
      const payment = data.encode('payment', data.payment(i, orders.orderedAt(i)))
      const key = Buffer.from(data.orderId(i))
      producer.put(orders.topic('payments'), i % PARTITIONS, at + late, key, payment)
    }
    await producer.flush()
    const from = orders.orderedAt(4000)
    const to = orders.orderedAt(9000)
    const topic = orders.topic('part')
    const args = ['--output', topic, '--from', String(from), '--to', String(to)]
    const replay = await run(orders, file, ...args)
    assert.equal(replay.code, 0, replay.said)
    equal(await content(orders, topic), await expected(orders, 'inner', from, to))
    assert.match(replay.said, /^ {2}5,000 facts read$/m)
  } finally {
    await orders.close()
  }
})

test('a replay that was killed or stopped goes on with the same command, and writes nothing twice', async () => {
  const orders = await Orders.create()
  try {
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    const topic = orders.topic('again')
    const args = [smallEpochs(orders), '--output', topic]
    const killed = start(orders, { ENRICHER_KILL_AFTER: '3:8' }, ...args)
    assert.equal(await killed.ended, 'SIGKILL', killed.log)
    // Before the session is over.
    const early = await run(orders, ...args)
    assert.equal(early.code, 1)
    assert.match(early.said, /is running: 1 member .*until kafka\.sessionTimeout has passed/)
    const wanted = await expected(orders, 'inner', 0, Number.MAX_VALUE)
    const first = (await content(orders, topic)).length
    assert.ok(first > 0 && first < wanted.length, `${first} records before the kill`)
    await left(orders, `${orders.tag}-job-replay-${topic}-open-open`)

    const stopped = start(orders, {}, ...args)
    await stopped.logged('Going on with')
    stopped.child.kill('SIGINT')
    assert.equal(await stopped.ended, 1)
    assert.match(stopped.log, /Stopped before the end\. .*the same command goes on/)

    const last = await run(orders, ...args)
    assert.equal(last.code, 0, last.said)
    assert.match(last.said, /Complete .* beside what an earlier run has written/)
    equal(await content(orders, topic), wanted)
    await expectNothingLeft(orders, [topic])

    const other = [FILE, '--output', orders.topic('other')]
    const given = start(orders, { ENRICHER_KILL_AFTER: '3:1' }, ...other)
    assert.equal(await given.ended, 'SIGKILL', given.log)
    await left(orders, `${orders.tag}-job-replay-${orders.topic('other')}-open-open`)
    const discarded = await run(orders, ...other, '--discard')
    assert.equal(discarded.code, 0, discarded.said)
    assert.match(discarded.said, /deleted topic .*-window-changelog\n.*deleted group/s)
    await expectNothingLeft(orders, [orders.topic('other')])
  } finally {
    await orders.close()
  }
})

test('a replay that was killed in its first commit begins anew with the same command', async () => {
  const orders = await Orders.create()
  try {
    await orders.send(0, COUNT)
    await orders.sendRest(COUNT)
    const topic = orders.topic('again')
    const args = [FILE, '--output', topic]
    const killed = start(orders, { ENRICHER_KILL_AFTER: '2:1' }, ...args)
    assert.equal(await killed.ended, 'SIGKILL', killed.log)
    await left(orders, `${orders.tag}-job-replay-${topic}-open-open`)
    const ends = () => orders.broker.admin.offsets(topic, 'stable')
    for (let tries = 0; ![...(await ends()).values()].some((end) => end > 0); tries++) {
      assert.ok(tries < 400, 'The broker does not abort the transaction')
      await sleep(100)
    }
    const last = await run(orders, ...args)
    assert.equal(last.code, 0, last.said)
    equal(await content(orders, topic), await expected(orders, 'inner', 0, Number.MAX_VALUE))
  } finally {
    await orders.close()
  }
})

test('a replay says what it leaves out, as a transaction was open there', async () => {
  const orders = await Orders.create()
  try {
    await orders.send(0, 400)
    const { broker } = orders
    const producer = broker.producer({ transactionalId: `${orders.tag}-open`, timeoutMs: 120_000 })
    await producer.init()
    producer.begin()
    const place = { topic: orders.topic('orders'), partition: 1, transactional: true } as const
    const batch = new RecordBatchWriter({ ...place, compression: 'none' })
    const at = orders.orderedAt(401)
    const key = Buffer.from(data.orderId(401))
    batch.recordOf(at, { key, value: data.encode('order', data.order(401, at)), headers: [] })
    await producer.send([batch])
    await orders.send(400, 500)
    const replay = await run(orders, FILE, '--output', orders.topic('again'))
    await producer.close()
    assert.equal(replay.code, 0, replay.said)
    assert.match(replay.said, /^Complete .*, but for transactions that were open when it began$/m)
    const left =
      /^ {2}(\S+) from offset 100 on, 26 offsets: what is committed of that is not in it$/m
    assert.equal(left.exec(replay.said)?.[1], `${orders.topic('orders')}-1`, replay.said)
  } finally {
    await orders.close()
  }
})

/** Commits are many where an epoch holds little. */
function smallEpochs(orders: Orders, change = (text: string): string => text): string {
  const text = change(readFileSync(FILE, 'utf8')).replaceAll('./schemas', SCHEMAS)
  const file = join(orders.folder, 'small-epochs.yaml')
  writeFileSync(file, `${text}memory: { epoch: 1MiB }\n`)
  return file
}

async function left(orders: Orders, group: string): Promise<void> {
  for (let tries = 0; tries < 150; tries++) {
    const { members } = await orders.broker.administration.describeGroup(group)
    if (members.length === 0) return
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
  assert.fail('The member is still there')
}

test('a replay into a topic of the pipeline, or of no time, is refused', async () => {
  const orders = await Orders.create({ dimensions: false })
  try {
    for (const name of ['enriched', 'orders', 'rejects', 'customers']) {
      const { code, said } = await run(orders, FILE, '--output', orders.topic(name))
      assert.equal(code, 1)
      assert.match(said, /is a topic of \S+-job, which a replay does not touch; name another/)
    }
    const topic = orders.topic('again')
    const turned = await run(
      orders,
      FILE,
      '--output',
      topic,
      '--from',
      '2025-02-01',
      '--to',
      '2025-01-01',
    )
    assert.match(turned.said, /--from has to be before --to/)
    const odd = await run(orders, FILE, '--output', topic, '--from', 'yesterday')
    assert.equal(odd.code, 2)
    assert.match(odd.said, /a time with its zone as 2025-01-31T10:00:00Z/)
    const empty = await run(orders, FILE, '--output', topic, '--to', '2025-01-01')
    assert.equal(empty.code, 0, empty.said)
    assert.match(empty.said, / {2}0 records written/)
    assert.doesNotMatch(empty.said, /deleted already/)

    await orders.send(0, 100)
    await orders.broker.admin.deleteRecords({ topic: orders.topic('orders'), partition: 0 }, 5)
    const rest = await run(orders, FILE, '--output', topic)
    assert.equal(rest.code, 0, rest.said)
    assert.match(rest.said, /The beginning of \S+\.orders is deleted already, by retention/)
    assert.match(rest.said, /^ {2}95 facts read$/m)
  } finally {
    await orders.close()
  }
})
