/** Large values that an update leaves as they were, which are not in its event: against the table that the events are of. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import fc from 'fast-check'
import { bytesOf } from '../../src/bytes.ts'
import { RowPart, WHOLE } from '../../src/codec/row/parts.ts'
import { parsePipeline } from '../../src/config/load.ts'
import { offsetBefore, partitionBefore } from '../../src/dimension/place.ts'
import type { DimensionPorts } from '../../src/dimension/ports.ts'
import type { RowTable } from '../../src/dimension/row-table.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { envelopeSchema, typeOf, written } from '../codec/change-events.ts'
import { caughtUp, FakeTopic, inTurn, startOn } from './fake-topic.ts'
import { rowsOf } from './rows-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

const SCHEMA = envelopeSchema([
  { name: 'id', type: 'int' },
  { name: 'code', type: 'string' },
  { name: 'name', type: 'string' },
  { name: 'story', type: ['null', 'string'] },
  { name: 'n', type: 'long' },
  { name: 'raw', type: 'bytes' },
])
const EVENTS = typeOf(SCHEMA)
const FACTS = ['customer', 'code'].map((name) => ({ name, type: 'string' }))
const PLACEHOLDER = '__debezium_unavailable_value'

/** Lines of dimensions of one topic, of which the first one is looked at. */
const SHAPES = {
  'alone in their table': ['select: [name, story, n, raw]'],
  'a part of their table’s rows': ['select: [raw, story]', 'select: [story, name]'],
  'beside the texts that others are looked up by': ['select: [story, raw, name]', 'chained'],
}

async function dimensionOf(folder: string, lines: readonly string[], more = '') {
  writeFileSync(join(folder, 'customers.avsc'), JSON.stringify(SCHEMA))
  writeFileSync(
    join(folder, 'orders.avsc'),
    JSON.stringify({ type: 'record', name: 'Order', fields: FACTS }),
  )
  const own = `topic: customers, schema: customers.avsc, envelope: debezium${more}`
  const others = lines.map((line, d) =>
    line === 'chained'
      ? 'd1: { topic: codes, schema: customers.avsc, envelope: debezium, on: d0.code, select: { c: name } }'
      : `d${d}: { ${own}, on: ${more.includes('code') ? 'code' : 'customer'}, select: { ${renamed(line, d)} } }`,
  )
  const text = `
name: test
kafka: { brokers: localhost:9092 }
facts: { topic: orders, schema: orders.avsc }
dimensions:
  ${others.join('\n  ')}
output: { topic: out, schemaId: 1 }
`
  const pipeline = parsePipeline(text, join(folder, 'pipeline.yaml'), {})
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const [part] = codec.rowParts
  const found = new RowPart()
  /** The first dimension's columns of a stored row. */
  const columns = (row: string): unknown => {
    const bytes = bytesOf(Buffer.from(row, 'latin1'))
    if (part !== WHOLE) assert.ok(found.find(bytes, 0, part))
    const own = part === WHOLE ? bytes : bytes.subarray(found.start, found.end)
    return codec.views.dimensions[0](Buffer.from(own))
  }
  const [config] = pipeline.dimensions
  const ports = {
    ...{ config, codec: codec.dimensions[0], key: codec.dimensionKeys[0] },
    ...{ former: codec.formerRows[0], layout: codec.rowLayouts[0] },
  }
  return { ports, columns, names: config.select!.map(({ name, source }) => [name, source]) }
}

/** Names that are the output's once. */
const renamed = (line: string, d: number): string =>
  line
    .slice('select: ['.length, -1)
    .split(', ')
    .map((name) => `${name}${d}: ${name}`)
    .join(', ')

type Row = {
  readonly id: number
  readonly code: string
  readonly name: string
  readonly story: string | null
  readonly n: number
  readonly raw: Buffer
}

type Step =
  | { do: 'put' | 'update'; row: Row; keeps: { story: boolean; raw: boolean } }
  | { do: 'delete'; id: number }
  | { do: 'restart' | 'catch up' }

const row: fc.Arbitrary<Row> = fc.record({
  id: fc.nat(4),
  code: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f', 'g'),
  name: fc.string({ maxLength: 3 }),
  story: fc.option(fc.oneof(fc.string(), fc.constant('x'.repeat(300)))),
  n: fc.integer(),
  raw: fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
})
const keeps = fc.record({ story: fc.boolean(), raw: fc.boolean() })
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 12,
      arbitrary: fc.record({ do: fc.constantFrom('put' as const, 'update' as const), row, keeps }),
    },
    { weight: 2, arbitrary: fc.record({ do: fc.constant('delete' as const), id: fc.nat(4) }) },
    {
      weight: 3,
      arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'catch up' as const) }),
    },
  ),
  { maxLength: 40, size: 'max' },
)

interface Place {
  readonly partition: number
  readonly offset: number
}

/** Of each key’s row, which is behind it. */
const placesOf = (table: RowTable): Record<string, Place> =>
  Object.fromEntries(
    [...rowsOf(table).keys()].map((key) => {
      const bytes = bytesOf(Buffer.from(key, 'latin1'))
      assert.ok(table.find(table.hash(bytes, 0, bytes.length), bytes, 0, bytes.length))
      const { rowBuffer, rowStart } = table
      const partition = partitionBefore(rowBuffer, rowStart)
      return [key, { partition, offset: offsetBefore(rowBuffer, rowStart) }]
    }),
  )

/** The table, what its events are, and what they have to come to. */
class Table {
  readonly topic: FakeTopic
  readonly rows = new Map<number, Row>()
  /** Where the last event of each row is. */
  readonly places = new Map<number, Place>()
  /** Updates without all values whose rows were gone, as compaction may have it. */
  rejects = 0
  time = 1

  constructor(partitions: number) {
    this.topic = new FakeTopic(partitions)
  }

  #send(op: string, before: Row | null, after: object | null, id: number): void {
    const value = written(EVENTS, { op, before, after: after as never, sourceMs: this.time })
    const partition = id % this.topic.partitions.length
    this.topic.write(partition, String(id), value.toString('latin1'), this.time++)
    this.places.set(id, { partition, offset: this.topic.partitions[partition].length - 1 })
  }

  put(after: Row): void {
    const before = this.rows.get(after.id) ?? null
    if (this.#isTaken(after)) return
    this.#send(before === null ? 'c' : 'u', before, after, after.id)
    this.rows.set(after.id, after)
  }

  update(after: Row, { story, raw }: { story: boolean; raw: boolean }): void {
    const before = this.rows.get(after.id)
    if (this.#isTaken(after)) return
    const sent = {
      ...after,
      ...(story ? { story: PLACEHOLDER } : {}),
      ...(raw ? { raw: Buffer.from(PLACEHOLDER) } : {}),
    }
    this.#send('u', before ?? null, sent, after.id)
    if (before === undefined && (story || raw)) this.rejects++
    else {
      const kept = {
        story: story ? before!.story : after.story,
        raw: raw ? before!.raw : after.raw,
      }
      this.rows.set(after.id, { ...after, ...kept })
    }
  }

  delete(id: number): void {
    const before = this.rows.get(id)
    if (before === undefined) return
    this.#send('d', before, null, id)
    this.rows.delete(id)
  }

  /** A column is unique in the table. */
  #isTaken({ id, code }: Row): boolean {
    return [...this.rows.values()].some((one) => one.code === code && one.id !== id)
  }
}

const columnsOf = (row: Row, names: readonly string[][]): object =>
  Object.fromEntries(
    names.map(([name, source]) => {
      const value = row[source as keyof Row]
      return [name, Buffer.isBuffer(value) ? value.toString('base64') : value]
    }),
  )

for (const [what, lines] of Object.entries(SHAPES)) {
  for (const by of ['id', 'code'] as const) {
    test(`rows, ${what}, by ${by}, keep what an update leaves as it was, through restarts`, async (t) => {
      const folder = await temporaryFolder(t)
      const more = `, key: ${by}`
      const { ports, columns, names } = await dimensionOf(folder, lines, more)
      let run = 0
      const chunk = fc.record({ turn: fc.nat(), records: fc.integer({ min: 1, max: 4 }) })
      await fc.assert(
        fc.asyncProperty(steps, fc.infiniteStream(chunk), fc.boolean(), async (...drawn) => {
          const [list, chunks, keepsPlaces] = drawn
          // A row’s code moves; of several partitions nobody knows then whose the row before is.
          const table = new Table(by === 'id' ? 2 : 1)
          const path = join(folder, String(run++))
          const rejected = new Set<string>()
          const onReject = (
            ...[{ offsets }, i, p, reason]: Parameters<DimensionPorts['onReject']>
          ): void => {
            assert.equal(reason, 'null_field')
            rejected.add(`${p} ${offsets[i]}`)
          }
          const all = { ...ports, onReject, keepsPlaces }
          const start = () => startOn(table.topic, path, () => chunks.next().value, all)
          let running = await start()
          const check = async (): Promise<void> => {
            await caughtUp(running, table.topic)
            const found = [...rowsOf(running.dimension.table)].map(([k, r]) => [k, columns(r)])
            const expected = [...table.rows.values()].map((r) => [
              String(r[by]),
              columnsOf(r, names),
            ])
            assert.deepEqual(Object.fromEntries(found), Object.fromEntries(expected))
            const places = [...table.rows.values()].map((r) => [
              String(r[by]),
              table.places.get(r.id),
            ])
            if (keepsPlaces)
              assert.deepEqual(placesOf(running.dimension.table), Object.fromEntries(places))
            assert.equal(rejected.size, table.rejects)
          }
          for (const step of list) {
            if (step.do === 'put') table.put(step.row)
            else if (step.do === 'update') table.update(step.row, step.keeps)
            else if (step.do === 'delete') table.delete(step.id)
            else if (step.do === 'catch up') await check()
            else {
              await running.dimension.close()
              running = await start()
            }
          }
          await check()
          await running.dimension.close()
        }),
        { numRuns: 15, endOnFailure: true },
      )
    })
  }
}

for (const keepsPlaces of [false, true]) {
  const beside = keepsPlaces ? ', and its own place' : ''
  test(`as of a time a row has what the version before it in time has, not what came last${beside}`, async (t) => {
    await asOfTime(t, keepsPlaces)
  })
}

async function asOfTime(t: TestContext, keepsPlaces: boolean): Promise<void> {
  const folder = await temporaryFolder(t)
  const more = ', asOf: event-time, time: source.ts_ms'
  const { ports, columns } = await dimensionOf(folder, SHAPES['alone in their table'], more)
  const topic = new FakeTopic()
  const event = (op: string, sourceMs: number, name: string, story: string | null): void => {
    const after = { id: 1, code: 'a', name, story, n: sourceMs, raw: Buffer.alloc(0) }
    topic.write(
      0,
      '1',
      written(EVENTS, { op, before: null, after, sourceMs }).toString('latin1'),
      1,
    )
  }
  event('c', 10, 'Ada', 'first')
  event('u', 30, 'Cleo', 'third')
  // Of a time between them, and behind them.
  event('u', 20, 'Bea', PLACEHOLDER)
  event('u', 40, 'Dora', PLACEHOLDER)
  event('u', 40, 'Dot', PLACEHOLDER)
  // Before there was a row.
  event('u', 5, 'Zoe', PLACEHOLDER)
  const rejects: string[] = []
  const onReject = (...[, , , reason, error]: unknown[]): void => {
    rejects.push(`${reason}: ${error}`)
  }
  const path = join(folder, 'store')
  for (let starts = 0; starts < 2; starts++) {
    const running = await startOn(topic, path, inTurn, { ...ports, onReject, keepsPlaces })
    await caughtUp(running, topic)
    const { table } = running.dimension.versions!
    table.at[0] = 1234
    const at = (time: number): unknown[] => {
      table.at[0] = time
      return [...rowsOf(table).values()].map((one) => {
        const { name0, story0 } = columns(one) as Record<string, unknown>
        return `${name0} ${story0}`
      })
    }
    const times = [9, 10, 20, 30, 40].map(at)
    assert.deepEqual(times, [[], ['Ada first'], ['Bea first'], ['Cleo third'], ['Dot third']])
    const offsets = [10, 20, 30, 40].map((time) => {
      at(time)
      return keepsPlaces ? placesOf(table)['1'].offset : 0
    })
    assert.deepEqual(offsets, keepsPlaces ? [0, 2, 1, 4] : [0, 0, 0, 0])
    await running.dimension.close()
  }
  assert.equal(rejects.length, 1)
  assert.match(
    rejects[0],
    /^null_field: The field story is not in the event.* no row of its key is/,
  )
}
