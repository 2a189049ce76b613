/** A window whose records were stored in several layouts, by any owners in any order, against avsc's schema resolution. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import avsc from 'avsc'
import fc from 'fast-check'
import { bytesOf, copyBytes, hashBytes, NO_BYTES } from '../../src/bytes.ts'
import type { Registry } from '../../src/codec/registry/registry.ts'
import { epochPart } from '../../src/commit/epoch-part.ts'
import type { JoinKind } from '../../src/config/join-kind.ts'
import { Counts } from '../../src/counts/counts.ts'
import { type Compiled, compilePipeline } from '../../src/plan/compile.ts'
import { openStore, type Store } from '../../src/state/level.ts'
import { type EntryCursor, LEFT, RIGHT } from '../../src/state/page.ts'
import { PageStore } from '../../src/state/page-store.ts'
import type { RestorePorts } from '../../src/state/restore.ts'
import { TaskState } from '../../src/state/task-state.ts'
import { JoinWindow } from '../../src/window/join-window.ts'
import { OwnLayout } from '../../src/window/own-layout.ts'
import { windowTimes } from '../../src/window/segments.ts'
import { readerOf } from '../support/changelog-reader.ts'
import { pipelineWith } from '../support/pipeline.ts'
import { groupAt, restore } from '../support/task-context.ts'

const folder = mkdtempSync(join(tmpdir(), 'stream-enricher-evolving-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const AT = 1_735_689_600_000
const VERSIONS = [0, 1, 2] as const
const item = (...more: object[]) => ({
  type: 'record',
  name: 'Item',
  fields: [{ name: 'sku', type: 'string' }, ...more],
})
const items = (...more: object[]) => ({
  name: 'items',
  type: { type: 'array', items: item(...more) },
})
const id = { name: 'order_id', type: 'string' }
const note = { name: 'note', type: 'string', default: 'none' }
const tags = { name: 'tags', type: { type: 'map', values: 'int' }, default: { a: 1 } }
const tip = { name: 'tip', type: ['null', 'double'], default: null }
const ref = { name: 'ref', type: 'string' }
/** By version: fields and inner fields that are new, go again, and stand elsewhere. */
const ORDERS = [
  [id, items()],
  [note, id, items({ name: 'n', type: 'int', default: -7 })],
  [items({ name: 'n', type: 'int', default: -7 }), id, tags],
]
const PAYMENTS = [[ref], [ref, tip], [tip, ref, { ...note, name: 'memo' }]]
const NAMES = [ORDERS, PAYMENTS].map((all) => new Set(all.flat().map(({ name }) => name)))

const pipelineOf = (kind: JoinKind) =>
  pipelineWith(
    null,
    `join: { topic: payments, on: { left: order_id, right: ref }, within: 60s, kind: ${kind} }`,
    '',
    '{ topic: orders.enriched, schema: evolve }',
  )

/** A registry whose latest schemas are of a version; ids tell version and topic. */
const registryAt = (version: number) => {
  const schemas = [ORDERS, PAYMENTS].flatMap((of, topic) =>
    of.map((fields) => ({ type: 'record', name: ['Order', 'Payment'][topic], fields })),
  )
  return {
    url: 'http://registry',
    type: 'confluent',
    useId: null,
    latest: async (subject: string) => {
      const i = version + (subject === 'orders-value' ? 0 : VERSIONS.length)
      return { id: i + 1, schema: schemas[i] }
    },
    subjectOf: (topic: string) => `${topic}-value`,
    recorded: async (_topic: string, _type: string | null, id: number) => schemas[id - 1],
  } as unknown as Registry
}

interface Version extends Compiled {
  /** By side, what is stored. */
  readonly parts: readonly avsc.Type[]
}

async function compile(kind: JoinKind, version: number): Promise<Version> {
  const compiled = await compilePipeline(pipelineOf(kind), registryAt(version), [])
  const schema = JSON.parse(compiled.codec.outputSchema)
  const parts = NAMES.map((names) =>
    avsc.Type.forSchema({
      type: 'record',
      name: 'Part',
      fields: schema.fields.filter(({ name }: { name: string }) => names.has(name)),
    }),
  )
  return { ...compiled, parts }
}

const compiled = new Map(
  await Promise.all(
    (['inner', 'outer'] as const).map(
      async (kind) =>
        [kind, await Promise.all(VERSIONS.map((version) => compile(kind, version)))] as const,
    ),
  ),
)

interface Put {
  readonly side: number
  readonly key: number
  readonly version: number
  readonly body: Buffer
}

/** A part that came out, by what it says. */
const said = (type: avsc.Type, bytes: Buffer): string => JSON.stringify(type.fromBuffer(bytes))

/** A part as another version reads it. */
function resolved(versions: readonly Version[], { side, version, body }: Put, to: number): string {
  const reader = versions[to].parts[side]
  const resolver = reader.createResolver(versions[version].parts[side])
  return JSON.stringify(reader.fromBuffer(body, resolver))
}

/** The owner of the task, and what came out of its window in the running epoch. */
class Owner {
  readonly state: TaskState
  readonly window: JoinWindow
  readonly rows: string[] = []
  readonly version: number

  constructor(kind: JoinKind, version: number, store: Store, versions: readonly Version[]) {
    const { parts, layout } = versions[version]
    this.version = version
    this.state = new TaskState(new PageStore(store, layout), () => 1 << 20)
    const { log, clock, pages } = this.state
    const textOf = (side: number, { buffer, bodyStart, bodyEnd }: EntryCursor): string =>
      said(parts[side], buffer.subarray(bodyStart, bodyEnd))
    const [join] = pipelineOf(kind).joins
    this.window = new JoinWindow({
      times: windowTimes(join),
      kind,
      number: 0,
      log,
      clock,
      layout: new OwnLayout(pages.layouts, 0, (_record, fault) => assert.fail(fault)),
      sink: {
        match: (left, right) => {
          this.rows.push(`${textOf(LEFT, left)} ${textOf(RIGHT, right)}`)
        },
        unmatched: (side, record) => {
          this.rows.push(`${side} ${textOf(side, record)}`)
        },
      },
      counts: new Counts([], 2, 1).windows[0],
    })
    this.state.add(this.window)
  }

  async put({ side, key, body }: Put): Promise<void> {
    const { window, state } = this
    const bytes = bytesOf(Buffer.from(String(key)))
    const hash = hashBytes(bytes, 0, bytes.length)
    const place = [0, hash, bytes, 0, bytes.length, NO_BYTES, 0, 0, body.length] as const
    const at = window.insert(side, Float64Array.of(AT), ...place)
    copyBytes(bytesOf(body), 0, body.length, window.bodyBuffer, at)
    state.clock.streamTime = AT
    window.probe(side, hash)
    await window.resolveCold()
  }

  async close(): Promise<void> {
    this.state.clock.streamTime = AT + 3_600_000
    await this.window.outer.close(() => false)
  }
}

/** The changelog, and what is committed. */
class World {
  readonly records: Buffer[] = []
  committed = -1
  readonly #kind: JoinKind
  readonly #versions: readonly Version[]

  constructor(kind: JoinKind) {
    this.#kind = kind
    this.#versions = compiled.get(kind as 'inner')!
  }

  async take(store: Store, version: number): Promise<Owner> {
    const owner = new Owner(this.#kind, version, store, this.#versions)
    const { layout, schemaIds, readersOf } = this.#versions[version]
    const { records, committed } = this
    const ends = { earliest: 0, latest: records.length, stable: records.length }
    await restore(
      { partition: 0, state: owner.state, queues: [] },
      {
        ...{ topics: ['orders', 'payments'], topicIds: [null, null], changelogTopic: 'changelog' },
        ...{ layout, schemaIds, readersOf },
        admin: {
          offsets: async (_topic: string, at: keyof typeof ends) => new Map([[0, ends[at]]]),
        } as unknown as RestorePorts['admin'],
        group: groupAt([committed, committed]),
        log: { event: () => {} } as unknown as RestorePorts['log'],
        onProgress: () => {},
        createReader: (events) => readerOf(records, events),
      },
    )
    return owner
  }

  async commit({ state, version }: Owner): Promise<void> {
    const read = ++this.committed
    const { layout, schemaIds } = this.#versions[version]
    const to = { topic: 'changelog', maxRecordBytes: 300, shorten: () => {} }
    const epoch = {
      ...{ partition: 0, outputs: [], outputTimes: new Float64Array(0), rejects: [] },
      ...{ offsets: [read, read], state: state.drain() },
    }
    const changelog = { ...to, layout, schemaIds }
    const part = epochPart(epoch, {
      ...{ topics: ['orders', 'payments'], topicIds: [null, null], changelog },
    })
    const first = this.records.length
    for (const batch of part.changelog) this.records.push(await batch.seal(-1n, -1, -1))
    await part.persist(first, this.records.length)
  }
}

type Step =
  | { readonly do: 'put'; readonly side: number; readonly key: number; readonly seed: number }
  | { readonly do: 'commit'; readonly flush: boolean }
  | { readonly do: 'take'; readonly by: number; readonly version: number }
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 5,
      arbitrary: fc.record({
        do: fc.constant('put' as const),
        side: fc.constantFrom(LEFT, RIGHT),
        key: fc.nat(3),
        seed: fc.nat(1000),
      }),
    },
    {
      weight: 2,
      arbitrary: fc.record({ do: fc.constant('commit' as const), flush: fc.boolean() }),
    },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('take' as const),
        by: fc.nat(1),
        version: fc.constantFrom(...VERSIONS),
      }),
    },
  ),
  { minLength: 5, maxLength: 40 },
)

/** A value of a record's fields, in which any has one. */
function sample(key: number, seed: number): object {
  const some = seed % 3
  const list = Array.from({ length: some }, (_, i) => ({ sku: `sku ${seed + i}`, n: seed - i }))
  const extras = {
    note: `note ${seed}`,
    memo: `memo ${seed}`,
    tags: { b: seed },
    tip: some || null,
  }
  return { order_id: String(key), ref: String(key), items: list, ...extras }
}

let stores = 0
async function run(kind: 'inner' | 'outer', list: readonly Step[]): Promise<void> {
  const versions = compiled.get(kind)!
  const world = new World(kind)
  const places = [0, 1].map(() => join(folder, String(stores++)))
  let [stored, pending]: [Put[], Put[]] = [[], []]
  const matched = new Set<Put>()
  let store = await openStore(places[0])
  let owner = await world.take(store, 0)
  const check = (expected: string[]): void => {
    assert.deepEqual(owner.rows.splice(0).sort(), expected.sort())
  }
  for (const step of list) {
    if (step.do === 'put') {
      const { side, key, seed } = step
      const { version } = owner
      const body = versions[version].parts[side].toBuffer(sample(key, seed))
      const put = { side, key, version, body }
      const others = [...stored, ...pending].filter((o) => o.key === key && o.side !== side)
      await owner.put(put)
      const text = (one: Put): string => resolved(versions, one, version)
      const row = (o: Put): string =>
        side === LEFT ? `${text(put)} ${text(o)}` : `${text(o)} ${text(put)}`
      check(others.map(row))
      pending.push(put)
    } else if (step.do === 'commit') {
      await world.commit(owner)
      stored = [...stored, ...pending]
      pending = []
      if (step.flush) await owner.state.flush()
    } else {
      // What is not committed is lost with its owner.
      pending = []
      await store.close()
      store = await openStore(places[step.by])
      owner = await world.take(store, step.version)
    }
  }
  const all = [...stored, ...pending]
  for (const put of all) {
    if (all.some((o) => o.key === put.key && o.side !== put.side)) matched.add(put)
  }
  await owner.close()
  const alone = kind === 'inner' ? [] : all.filter((put) => !matched.has(put))
  check(alone.map((put) => `${put.side} ${resolved(versions, put, owner.version)}`))
  await store.close()
}

test('whatever layouts a window was stored in, what comes out is of its owner’s, as avsc resolves it', async () => {
  await fc.assert(fc.asyncProperty(fc.constantFrom('inner', 'outer'), steps, run), {
    numRuns: Number(process.env.RUNS ?? 60),
  })
})
