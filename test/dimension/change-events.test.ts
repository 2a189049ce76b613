import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { envelopeSchema, typeOf, written } from '../codec/change-events.ts'
import { caughtUp, FakeTopic, inTurn, startOn } from './fake-topic.ts'
import { rowsOf } from './rows-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

const SCHEMA = envelopeSchema([
  { name: 'id', type: 'int' },
  { name: 'code', type: ['null', 'string'], default: null },
  { name: 'name', type: 'string' },
])
const EVENTS = typeOf(SCHEMA)
const FACTS = {
  type: 'record',
  name: 'Order',
  fields: [
    { name: 'order_id', type: 'string' },
    { name: 'customer', type: 'string' },
  ],
}

type Row = { readonly id: number; readonly code: string; readonly name: string }

/** A dimension over the change events of a table. @param more of its lines in the pipeline file */
async function dimensionOf(folder: string, more = '') {
  writeFileSync(join(folder, 'customers.avsc'), JSON.stringify(SCHEMA))
  writeFileSync(join(folder, 'orders.avsc'), JSON.stringify(FACTS))
  const text = `
name: test
kafka: { brokers: localhost:9092 }
facts: { topic: orders, schema: orders.avsc }
dimensions:
  customer: { topic: customers, schema: customers.avsc, envelope: debezium, on: customer, select: [name]${more} }
output: { topic: out, schemaId: 1 }
`
  const pipeline = parsePipeline(text, join(folder, 'pipeline.yaml'), {})
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  return {
    config: pipeline.dimensions[0],
    codec: codec.dimensions[0],
    key: codec.dimensionKeys[0],
    former: codec.formerRows[0],
    layout: codec.rowLayouts[0],
  }
}

/** A table, and its change events in a topic that is keyed by the primary key, as a connector writes them. */
class Table {
  readonly rows = new Map<number, Row>()
  readonly topic: FakeTopic
  /** Whether the database logs whole rows, and not their primary keys alone. */
  readonly #isFull: boolean
  #time = 1000

  constructor(partitions: number, isFull: boolean) {
    this.topic = new FakeTopic(partitions)
    this.#isFull = isFull
  }

  #write(op: string, before: Row | null, after: Row | null): void {
    const { id } = (after ?? before)!
    this.#send(id, written(EVENTS, { op, before, after, sourceMs: this.#time }))
  }

  #send(id: number, value: Buffer | null): void {
    const partition = id % this.topic.partitions.length
    this.topic.write(partition, String(id), value?.toString('latin1') ?? null, this.#time++)
  }

  put(row: Row, op?: string): void {
    const before = this.rows.get(row.id) ?? null
    // A column is unique in the table.
    const taken = [...this.rows.values()].some(({ id, code }) => code === row.code && id !== row.id)
    if (taken) return
    if (before === null) this.#write(op ?? 'c', null, row)
    else this.#write('u', this.#isFull ? before : null, row)
    this.rows.set(row.id, row)
  }

  delete(id: number, hasTombstone: boolean): void {
    const before = this.rows.get(id)
    if (before === undefined) return
    this.#write('d', this.#isFull ? before : { ...before, code: null as never, name: '' }, null)
    if (hasTombstone) this.#send(id, null)
    this.rows.delete(id)
  }

  /** A row gets another primary key: it is deleted, and made anew. */
  rename(id: number, to: number): void {
    const row = this.rows.get(id)
    if (row === undefined || this.rows.has(to)) return
    this.delete(id, true)
    this.put({ ...row, id: to })
  }

  say(op: 't' | 'm', id: number): void {
    this.#send(id, written(EVENTS, { op, before: null, after: null, sourceMs: this.#time }))
  }

  by(key: 'id' | 'code'): Map<string, string> {
    const rows = [...this.rows.values()].map((row): [string, string] => {
      return [String(row[key]), columnsOf(row)]
    })
    return new Map(rows)
  }
}

/** The selected column as the output has it: made nullable. */
const columnsOf = ({ name }: Row): string => `\x02${String.fromCharCode(2 * name.length)}${name}`

type Step =
  | { do: 'put'; id: number; code: number; op: 'c' | 'r' }
  | { do: 'delete'; id: number; tombstone: boolean }
  | { do: 'rename'; id: number; to: number }
  | { do: 'say'; op: 't' | 'm'; id: number }
  | { do: 'restart' | 'catch up' }

const id = fc.nat(6)
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 20,
      arbitrary: fc.record({
        do: fc.constant('put' as const),
        id,
        code: fc.nat(8),
        op: fc.constantFrom('c' as const, 'r' as const),
      }),
    },
    {
      weight: 8,
      arbitrary: fc.record({ do: fc.constant('delete' as const), id, tombstone: fc.boolean() }),
    },
    { weight: 4, arbitrary: fc.record({ do: fc.constant('rename' as const), id, to: id }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('say' as const),
        op: fc.constantFrom('t' as const, 'm' as const),
        id,
      }),
    },
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constantFrom('restart' as const, 'catch up' as const) }),
    },
  ),
  { maxLength: 60, size: 'max' },
)

for (const [what, more, by, isFull] of [
  ['by the records’ keys', '', 'id', false],
  ['by a key in the value', ', key: id', 'id', false],
  ['by another column, which changes', ', key: code', 'code', true],
] as const) {
  test(`of random changes of a table, with restarts at any time, the rows ${what} are those of the table`, async (t) => {
    const folder = await temporaryFolder(t)
    const ports = await dimensionOf(folder, more)
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.constantFrom(1, 3),
        fc.infiniteStream(fc.record({ turn: fc.nat(), records: fc.integer({ min: 1, max: 4 }) })),
        async (list, partitions, chunks) => {
          const table = new Table(partitions, isFull)
          const { topic } = table
          const path = join(folder, String(run++))
          const start = () => startOn(topic, path, () => chunks.next().value, ports)
          let running = await start()
          const check = async (): Promise<void> => {
            await caughtUp(running, topic)
            assert.deepEqual(rowsOf(running.dimension.table), table.by(by))
            assert.deepEqual(running.unusable, [])
          }
          for (const [n, step] of list.entries()) {
            if (step.do === 'put') {
              table.put({ id: step.id, code: `c${step.code}`, name: `n${n}` }, step.op)
            } else if (step.do === 'delete') table.delete(step.id, step.tombstone)
            else if (step.do === 'rename') table.rename(step.id, step.to)
            else if (step.do === 'say') table.say(step.op, step.id)
            else if (step.do === 'catch up') await check()
            else {
              await running.dimension.close()
              running = await start()
            }
          }
          await check()
          await running.dimension.close()
          running = await start()
          await check()
          await running.dimension.close()
        },
      ),
      { numRuns: 60 },
    )
  })
}

test('deletions and what is of no row are counted, and a tombstone behind a deletion once', async (t) => {
  const folder = await temporaryFolder(t)
  const table = new Table(1, true)
  table.put({ id: 1, code: 'a', name: 'Ada' })
  table.delete(1, true)
  table.say('t', 1)
  const counted = { deletions: 0, passedOver: 0 }
  const counts = {
    onDeleted: () => void counted.deletions++,
    onPassedOver: () => void counted.passedOver++,
  }
  for (const [more, deletions, passedOver] of [
    ['', 2, 1],
    [', key: id', 1, 2],
    [', asOf: event-time, time: source.ts_ms', 1, 2],
  ] as const) {
    Object.assign(counted, { deletions: 0, passedOver: 0 })
    const ports = { ...(await dimensionOf(folder, more)), ...counts }
    const running = await startOn(table.topic, join(folder, more), inTurn, ports)
    await caughtUp(running, table.topic)
    assert.deepEqual(counted, { deletions, passedOver }, more)
    await running.dimension.close()
  }
})

test('rows as of a time end when the database deleted them, not when the connector said so', async (t) => {
  const folder = await temporaryFolder(t)
  const ports = await dimensionOf(folder, ', asOf: event-time, time: source.ts_ms')
  const topic = new FakeTopic()
  const event = (op: string, name: string | null, sourceMs: number): string => {
    const row = name === null ? null : { id: 1, code: 'a', name }
    const change = { op, before: null, after: row, sourceMs }
    return written(EVENTS, change).toString('latin1')
  }
  // All of it was sent at 100, behind what has happened from 10 on.
  topic.write(0, '1', event('c', 'Ada', 10), 100)
  topic.write(0, '1', event('d', null, 20), 100)
  topic.write(0, '1', null, 100)
  topic.write(0, '1', event('c', 'Bea', 30), 100)
  const running = await startOn(topic, join(folder, 'store'), inTurn, ports)
  await caughtUp(running, topic)
  const { table } = running.dimension.versions!
  const at = (time: number): string[] => {
    table.at[0] = time
    return [...rowsOf(table).values()]
  }
  const [ada, bea] = ['Ada', 'Bea'].map((name) => columnsOf({ id: 1, code: '', name }))
  assert.deepEqual([9, 10, 19, 20, 29, 30, 1000].map(at), [[], [ada], [ada], [], [], [bea], [bea]])
  await running.dimension.close()
})

test('a deletion that does not say the key, and a record without a value, are rejected where the key is in the value', async (t) => {
  const folder = await temporaryFolder(t)
  const reasons: string[] = []
  const onReject = (...[, , , reason, error]: unknown[]): void => {
    reasons.push(`${reason}: ${error}`)
  }
  const topic = new FakeTopic()
  const event = { op: 'd', before: null, after: null, sourceMs: 1 }
  topic.write(0, '1', written(EVENTS, event).toString('latin1'), 1)
  const ports = { ...(await dimensionOf(folder, ', key: id')), onReject }
  const running = await startOn(topic, join(folder, 'store'), inTurn, ports)
  await caughtUp(running, topic)
  assert.match(reasons.join('\n'), /^null_field: The event deletes a row without saying its key/)
  await running.dimension.close()
})
