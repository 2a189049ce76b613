import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { RecordBatchWriter } from '../../src/broker/record-batch-writer.ts'
import { decodeRecordBatches, readHeaders } from '../../src/broker/record-columns.ts'
import { taskOf } from '../../src/broker/task-number.ts'
import { bytesOf, hashBytes, NO_BYTES } from '../../src/bytes.ts'
import { epochPart } from '../../src/commit/epoch-part.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { inputTopics } from '../../src/config/topic-names.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { decodeChangelog } from '../../src/state/changelog.ts'
import { openStore, type Store, withChecksum, withoutChecksum } from '../../src/state/level.ts'
import { PAGE_HEADER, type Page, pageBytes, RIGHT } from '../../src/state/page.ts'
import { PageStore } from '../../src/state/page-store.ts'
import { PageWriter } from '../../src/state/page-writer.ts'
import type { RestorePorts } from '../../src/state/restore.ts'
import type { StateStore, StreamClock, TaskState } from '../../src/state/task-state.ts'
import { JoinTask } from '../../src/task/join-task.ts'
import { readerOf } from '../support/changelog-reader.ts'
import { groupAt, restore, taskContext } from '../support/task-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-take-task-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const pipeline = loadPipeline('examples/orders/pipeline.yaml', {})
const topics = inputTopics(pipeline).slice(0, 2)
const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
const context = taskContext(pipeline, codec, { dimensions: [] })

/** The changelog of one partition, and the group's offsets of its task. */
class Changelog {
  readonly records: Buffer[] = []
  head = 0
  committed = -1
  /** The broker deletes a group's offsets with their topic. */
  forgotten = false
  /** Of facts and right stream. */
  topicIds: (string | null)[] = [null, null]
  readonly #topic = {
    topic: 'changelog',
    layout: codec.layout,
    schemaIds: [],
    maxRecordBytes: 2 ** 20,
    shorten: (_partition: number, offset: number) => {
      this.head = offset
    },
  }

  /** Takes the task, as an instance does. */
  async take(store: Store): Promise<JoinTask> {
    const pages = new PageStore(store, codec.layout)
    const task = new JoinTask(taskOf(0, 1), pages, context)
    await restore(task, this.ports())
    return task
  }

  /** Commits what the task has in its window; the offset read next of both inputs goes with it. */
  async commit({ state }: JoinTask): Promise<void> {
    const read = ++this.committed
    const epoch = {
      partition: 0,
      outputs: [],
      outputTimes: new Float64Array(0),
      rejects: [],
      offsets: [read, read],
      state: state.drain(),
    }
    const part = epochPart(epoch, { topics, topicIds: this.topicIds, changelog: this.#topic })
    const first = this.records.length
    for (const batch of part.changelog) this.records.push(await batch.seal(-1n, -1, -1))
    await part.persist(first, this.records.length)
  }

  ports(): RestorePorts {
    const { head, records, topicIds } = this
    const committed = this.forgotten ? -1 : this.committed
    const ends = { earliest: head, latest: records.length, stable: records.length }
    return {
      topics,
      layout: codec.layout,
      changelogTopic: 'changelog',
      admin: {
        offsets: async (name: string, at: 'earliest' | 'latest' | 'stable') =>
          new Map([[0, name === 'changelog' ? ends[at] : at === 'earliest' ? 0 : 1000]]),
      } as unknown as RestorePorts['admin'],
      group: groupAt([committed, committed]),
      topicIds,
      log: { event: () => {} } as unknown as RestorePorts['log'],
      onProgress: () => {},
      createReader: (events) => readerOf(records, events),
    }
  }
}

function put(task: JoinTask, key: string, time: number, bodyBytes = 0): void {
  const bytes = bytesOf(Buffer.from(key))
  const hash = hashBytes(bytes, 0, bytes.length)
  const times = Float64Array.of(time)
  task.queries.windows[0].insert(
    RIGHT,
    times,
    0,
    hash,
    bytes,
    0,
    bytes.length,
    NO_BYTES,
    0,
    0,
    bodyBytes,
  )
  const { clock } = task.state
  clock.streamTime = Math.max(clock.streamTime, time)
}

async function keysOf(task: JoinTask, ...keys: string[]): Promise<string[]> {
  const found = await Promise.all(
    keys.map((key) =>
      task.queries.windows[0].queries.recordsOf(RIGHT, bytesOf(Buffer.from(key)), 10),
    ),
  )
  return keys.filter((_, i) => found[i].length > 0)
}

const DAY = 86_400_000
const TO = { topic: 'changelog', partition: 0 }

test('an owner that comes back has what another one stored after everything had expired', async () => {
  const changelog = new Changelog()
  const ours = await openStore(join(folder, 'ours'))
  const first = await changelog.take(ours)
  for (let i = 0; i < 20; i++) put(first, `old ${i}`, DAY)
  await changelog.commit(first)
  first.state.clock.streamTime = 2 * DAY
  first.state.expire()
  await changelog.commit(first)
  assert.equal(changelog.head, 1)
  await first.state.flush()

  const theirs = await openStore(join(folder, 'theirs'))
  const second = await changelog.take(theirs)
  put(second, 'new', 2 * DAY)
  await changelog.commit(second)

  const third = await changelog.take(ours)
  assert.deepEqual(await keysOf(third, 'old 1', 'new'), ['new'])
  put(third, 'newer', 2 * DAY)
  await changelog.commit(third)
  await third.state.flush()
  const fourth = await changelog.take(ours)
  assert.deepEqual(await keysOf(fourth, 'old 1', 'new', 'newer'), ['new', 'newer'])
  await ours.close()
  await theirs.close()
})

test('a store that is behind by any number of epochs goes on with the changelog’s tail', async () => {
  const changelog = new Changelog()
  const store = await openStore(join(folder, 'behind'))
  const task = await changelog.take(store)
  for (let epoch = 0; epoch < 20; epoch++) {
    put(task, `key ${epoch}`, DAY + epoch)
    await changelog.commit(task)
    if (epoch === 7) await task.state.flush()
  }
  const keys = Array.from({ length: 20 }, (_, epoch) => `key ${epoch}`)
  const again = await changelog.take(store)
  assert.deepEqual(await keysOf(again, ...keys), keys)
  await store.close()
})

test('a crash between two writes of a stop leaves nothing behind that never expires', async () => {
  const changelog = new Changelog()
  const store = await openStore(join(folder, 'half written'))
  const first = await changelog.take(store)
  // Each is more than what is written together.
  put(first, 'old', DAY)
  for (const time of [DAY, 2 * DAY]) {
    for (let i = 0; i < 300; i++) put(first, `new ${i}`, 2 * DAY, 4000)
    first.state.clock.streamTime = time
    first.state.expire()
    await changelog.commit(first)
  }
  const write = first.state.pages.write.bind(first.state.pages)
  first.state.pages.write = async (pages, checkpoint) => {
    first.state.pages.write = () => Promise.reject(new Error('Killed'))
    await write(pages, checkpoint)
  }
  await assert.rejects(first.state.flush(), /Killed/)

  const second = await changelog.take(store)
  put(second, 'newer', 2 * DAY)
  await changelog.commit(second)
  assert.deepEqual(
    second.state.heads.entries.map(([, segment]) => segment),
    [2 * DAY],
  )
  await store.close()
})

test('a store that was filled from another changelog is not used', async () => {
  const store = await openStore(join(folder, 'before a reset'))
  const old = new Changelog()
  const first = await old.take(store)
  put(first, 'old', DAY)
  await old.commit(first)
  await first.state.flush()

  // The pipeline was reset, and begun anew by another instance.
  const changelog = new Changelog()
  const elsewhere = await openStore(join(folder, 'elsewhere'))
  const other = await changelog.take(elsewhere)
  for (const key of ['new', 'newer']) {
    put(other, key, DAY + 1)
    await changelog.commit(other)
  }
  const second = await changelog.take(store)
  assert.deepEqual(await keysOf(second, 'old', 'new', 'newer'), ['new', 'newer'])
  await store.close()
  await elsewhere.close()
})

test('a changelog record that cannot be read ends the start with where it is; the store is left as it was', async () => {
  for (const [value, means] of [
    [
      Buffer.from([9, 1, 2, 3]),
      /^The record changelog-0@1 is of changelog version 9, and .* start the newer release/,
    ],
    [Buffer.from('a line of somebody'), /^The record changelog-0@1 is none of a window/],
    [Buffer.alloc(0), /^The record changelog-0@1 is none of a window/],
  ] as const) {
    const changelog = new Changelog()
    const store = await openStore(join(folder, `unreadable ${value.length}`))
    const first = await changelog.take(store)
    put(first, 'kept', DAY)
    await changelog.commit(first)
    await first.state.flush()
    const writer = new RecordBatchWriter({ ...TO, transactional: false, compression: 'none' })
    writer.recordOf(0, { key: null, value, headers: [] })
    changelog.records.push(Buffer.from(await writer.seal(-1n, -1, -1)))
    await assert.rejects(
      changelog.take(store),
      ({ code, message }: { code: string; message: string }) =>
        code === 'CHANGELOG_UNREADABLE' && means.test(message),
    )
    changelog.records.pop()
    assert.deepEqual(await keysOf(await changelog.take(store), 'kept'), ['kept'])
    await store.close()
  }
})

const here = ['facts-1', 'right-1']
for (const [what, before, now, isRefused] of [
  ['the facts were made anew', here, ['facts-2', 'right-1'], true],
  ['the right stream was made anew', here, ['facts-1', 'right-2'], true],
  ['the topics are the same', here, here, false],
  ['the changelog is of a release that wrote no ids', [null, null], here, false],
  ['the broker gives no ids any more', here, [null, null], false],
] as const) {
  for (const stored of [true, false]) {
    test(`${isRefused ? 'a task is not' : 'a task is'} taken where ${what}, ${stored ? 'with' : 'without'} its store`, async () => {
      const name = `${what} ${stored}`
      const changelog = new Changelog()
      changelog.topicIds = [...before]
      const store = await openStore(join(folder, name))
      const first = await changelog.take(store)
      put(first, 'key', DAY)
      await changelog.commit(first)
      if (stored) await first.state.flush()

      changelog.topicIds = [...now]
      changelog.forgotten = true
      const taking = changelog.take(store)
      if (isRefused) await assert.rejects(taking, { code: 'OFFSETS_CHANGED' })
      else assert.deepEqual(await keysOf(await taking, 'key'), ['key'])
      await store.close()
    })
  }
}

/** The record as release 0.1 before version 5 wrote it: see `earlier-changelog.ts`. */
async function asVersion4(record: Buffer): Promise<Buffer> {
  const columns = await decodeRecordBatches(record, 0, [])
  const { buffer, valueStarts, valueEnds, headerStarts } = columns
  const value = buffer.subarray(valueStarts[0], valueEnds[0])
  const { header, pages } = decodeChangelog(value, 0, value.length)!
  const { layout, schemaIds, offsets, streamTime, nextPage } = header
  const head = Buffer.alloc(17 + 5 * 8 + 1 + schemaIds.length * 4)
  head[0] = 4
  head.write(layout, 1, 'latin1')
  let at = 17
  // An inner join had closed nothing, and said so.
  for (const number of [...offsets, streamTime, Number.NEGATIVE_INFINITY, nextPage]) {
    at = head.writeDoubleLE(number, at)
  }
  head.writeUInt8(schemaIds.length, at)
  const writer = new RecordBatchWriter({ ...TO, transactional: false, compression: 'none' })
  const headers = readHeaders(buffer, headerStarts[0])
  const old = Buffer.concat([head, ...pages.map((page) => pageBytes(page))])
  writer.recordOf(0, { key: null, value: old, headers })
  return Buffer.from(await writer.seal(-1n, -1, -1))
}

/** The local store as the releases wrote it that had version 4. */
async function asOneStore(store: Store): Promise<void> {
  for (const [key, stored] of await store.iterator().all()) {
    if (key.length === 6) continue
    const { version, offsets, closedBefore, heads, ...rest } = JSON.parse(
      String(withoutChecksum(stored)),
    )
    assert.deepEqual([version, closedBefore], [6, []])
    const [left, right] = offsets
    const old = { ...rest, version: 5, left, right, closedBefore: '-Infinity' }
    const segments = heads.map(([, ...head]: number[]) => head)
    await store.put(key, withChecksum(Buffer.from(JSON.stringify({ ...old, heads: segments }))))
  }
}

for (const stored of ['with its store', 'without its store', 'with a store that is behind']) {
  test(`a window of changelog version 4 goes on ${stored}, and has what it had`, async () => {
    const changelog = new Changelog()
    const store = await openStore(join(folder, `earlier ${stored}`))
    const first = await changelog.take(store)
    put(first, 'early', DAY)
    await changelog.commit(first)
    if (stored !== 'without its store') await first.state.flush()
    put(first, 'middle', DAY + 1)
    await changelog.commit(first)
    if (stored === 'with its store') await first.state.flush()
    for (const [i, record] of changelog.records.entries()) {
      changelog.records[i] = await asVersion4(record)
    }
    await asOneStore(store)
    // Only the store has what lies before.
    if (stored === 'with its store') changelog.head = changelog.records.length - 1

    const second = await changelog.take(store)
    assert.deepEqual(await keysOf(second, 'early', 'middle'), ['early', 'middle'])
    put(second, 'late', DAY + 2)
    await changelog.commit(second)
    await second.state.flush()
    const third = await changelog.take(store)
    assert.deepEqual(await keysOf(third, 'early', 'middle', 'late'), ['early', 'middle', 'late'])
    await store.close()
  })
}

/** A store with nothing but numbers on its pages: another one beside the window of a task. */
class Numbers implements StateStore {
  readonly number = 1
  readonly closedBefore = [] as const
  readonly held = new Map<number, number[]>()
  readonly #writer: PageWriter
  readonly #clock: StreamClock

  constructor({ log, clock }: TaskState) {
    this.#writer = new PageWriter(log, this.number)
    this.#clock = clock
  }

  add(segment: number, number: number): void {
    this.#writer.marks(0, { start: segment }, [number])
    this.#hold(segment, number)
  }

  restore(page: Page): void {
    for (let at = page.start + PAGE_HEADER; at < page.end; at += 4) {
      this.#hold(page.segment, page.buffer.readUInt32LE(at))
    }
  }

  restored(): void {}

  seal(): void {
    this.#writer.seal()
  }

  expire(): number[] {
    const gone = [...this.held.keys()].filter((start) => start < this.#clock.streamTime - DAY)
    for (const start of gone) this.held.delete(start)
    return gone
  }

  hasSegment(start: number): boolean {
    return this.held.has(start)
  }

  #hold(segment: number, number: number): void {
    this.held.set(segment, [...(this.held.get(segment) ?? []), number])
  }
}

test('two stores of a task share its pages, changelog and checkpoint, and each gets back and loses its own', async () => {
  const changelog = new Changelog()
  const store = await openStore(join(folder, 'two stores'))
  const take = async (): Promise<[JoinTask, Numbers]> => {
    const task = new JoinTask(taskOf(0, 1), new PageStore(store, codec.layout), context)
    const numbers = new Numbers(task.state)
    task.state.add(numbers)
    await restore(task, changelog.ports())
    return [task, numbers]
  }
  const [first, ours] = await take()
  put(first, 'a record', DAY)
  ours.add(DAY, 7)
  await changelog.commit(first)
  await first.state.flush()
  ours.add(DAY, 8)
  ours.add(3 * DAY, 9)
  await changelog.commit(first)

  const [second, theirs] = await take()
  assert.deepEqual(await keysOf(second, 'a record'), ['a record'])
  assert.deepEqual(
    [...theirs.held],
    [
      [DAY, [7, 8]],
      [3 * DAY, [9]],
    ],
  )
  second.state.clock.streamTime = 2 * DAY + 1
  second.state.expire()
  await changelog.commit(second)
  assert.deepEqual(
    second.state.heads.entries.map(([number, segment]) => [number, segment]),
    [[1, 3 * DAY]],
  )
  const [third, last] = await take()
  assert.deepEqual(await keysOf(third, 'a record'), [])
  assert.deepEqual([...last.held], [[3 * DAY, [9]]])
  await store.close()
})
