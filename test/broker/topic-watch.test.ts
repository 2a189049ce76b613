import assert from 'node:assert/strict'
import { after, test } from 'node:test'
import type { TopicIdentity } from '../../src/broker/port.ts'
import { TopicWatch } from '../../src/broker/topic-watch.ts'
import { InputTopics } from '../../src/input/input-topics.ts'

// A watch alone does not keep a process alive.
const alive = setInterval(() => {}, 1000)
after(() => clearInterval(alive))

/** A watch over answers, the last of which stays; tells what its listener heard, what was logged, and how often it asked. */
function watching(...answers: ReadonlyMap<string, TopicIdentity>[]) {
  const heard: TopicIdentity[] = []
  const logged: string[] = []
  const asked: string[][] = []
  const identify = async (topics: readonly string[]) => {
    asked.push([...topics])
    return new Map(answers[Math.min(asked.length, answers.length) - 1])
  }
  const watch = new TopicWatch({ identify }, { event: (name) => logged.push(name) }, 1)
  watch.listen('customers', (found) => heard.push(found))
  return { watch, heard, logged, asked }
}

const customers = (id: string, partitions = 1) => new Map([['customers', { id, partitions }]])

test('one request asks about all topics', async () => {
  const { watch, asked } = watching(customers('a'))
  watch.listen('products', () => {})
  await watch.look()
  assert.deepEqual(asked[0], ['customers', 'products'])
})

test('what has changed is told once two looks agree', async () => {
  const { watch, heard, asked } = watching(
    customers('a'),
    customers('a'),
    customers('a'),
    customers('b'),
    customers('a'),
    customers('b', 3),
  )
  await watch.look()
  await watch.look()
  assert.equal(asked.length, 3, 'the second look finds nothing new')
  await watch.look()
  assert.equal(heard.length, 2, 'brokers differ')
  await watch.look()
  assert.deepEqual(heard.at(-1), { id: 'b', partitions: 3 })
})

test('a topic that is gone is told of once, and when it is there again', async () => {
  const gone = new Map()
  const { watch, heard, logged } = watching(
    customers('a'),
    customers('a'),
    gone,
    gone,
    customers('a'),
  )
  for (let looks = 0; looks < 4; looks++) await watch.look()
  assert.deepEqual(logged, ['topic_gone', 'topic_there_again'])
  assert.equal(heard.length, 2)
})

test('a broker that does not answer is asked again by the next look, and ends nothing', async () => {
  const watch = new TopicWatch(
    { identify: () => Promise.reject(new Error('away')) },
    { event() {} },
  )
  await watch.look()
  await watch.look()
})

test('looks at one time are one', async () => {
  const { watch, asked } = watching(customers('a'))
  await Promise.all([watch.look(), watch.look(), watch.look()])
  assert.equal(asked.length, 2, 'and a second one, as the first has found something new')
})

function inputs(id: string | null) {
  const logged: { name: string; fields: object }[] = []
  const recreated: string[][] = []
  const topics = new InputTopics({
    topics: ['orders', 'payments'],
    partitions: [4, 4],
    identities: new Map(['orders', 'payments'].map((topic) => [topic, { id, partitions: 4 }])),
    log: { event: (name, fields) => logged.push({ name, fields }) },
    onRecreated: (...of) => recreated.push(of),
  })
  return { topics, logged, recreated }
}

test('an input with another id was made anew; one without an id is not judged', () => {
  const known = inputs('a')
  known.topics.seen(1, { id: 'a', partitions: 4 })
  assert.deepEqual(known.recreated, [])
  known.topics.seen(1, { id: 'b', partitions: 4 })
  assert.deepEqual(known.recreated, [['payments', 'a', 'b']])
  const unknown = inputs(null)
  unknown.topics.seen(0, { id: 'b', partitions: 4 })
  assert.deepEqual(unknown.recreated, [])
  assert.deepEqual(unknown.topics.ids, [null, null])
})

test('partitions that nobody reads are warned of, again and again, and show in the count', (t) => {
  const { topics, logged } = inputs('a')
  let now = performance.now()
  t.mock.method(performance, 'now', () => now)
  const more = { id: 'a', partitions: 6 }
  topics.seen(0, more)
  assert.deepEqual(logged, [
    { name: 'partitions_not_read', fields: { topic: 'orders', partitions: 6, read: 4 } },
  ])
  assert.deepEqual(topics.partitions, [6, 4])
  topics.seen(0, more)
  assert.equal(logged.length, 1)
  now += 300_001
  topics.seen(0, more)
  assert.equal(logged.length, 2)
})
