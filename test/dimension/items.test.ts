/** A table of DynamoDB, and the dimension that is read of its events: against the table. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import fc from 'fast-check'
import { parsePipeline } from '../../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { caughtUp, FakeTopic, startOn } from './fake-topic.ts'
import { rowsOf } from './rows-of.ts'
import { temporaryFolder } from './temporary-folder.ts'

const record = (fields: object[]): string => JSON.stringify({ type: 'record', name: 'R', fields })
const TEXT = ['id', 'code', 'name'].map((name) => ({ name, type: 'string' }))

async function dimensionOf(folder: string, envelope: string, key: string) {
  writeFileSync(join(folder, 'items.avsc'), record(TEXT))
  writeFileSync(join(folder, 'facts.avsc'), record([{ name: 'item', type: 'string' }]))
  const text = `
name: test
kafka: { brokers: localhost:9092 }
facts: { topic: facts, schema: facts.avsc }
dimensions:
  item: { topic: customers, format: json, schema: items.avsc, envelope: ${envelope}, key: ${key}, on: item, select: [name] }
output: { topic: out, schemaId: 1 }
`
  const pipeline = parsePipeline(text, join(folder, 'pipeline.yaml'), {})
  const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
  const [config] = pipeline.dimensions
  const [layout] = codec.rowLayouts
  return { config, layout, codec: codec.dimensions[0], key: codec.dimensionKeys[0] }
}

interface Item {
  readonly id: string
  readonly code: string
  readonly name: string
}

const attributes = (item: Item | undefined) =>
  item && Object.fromEntries(Object.entries(item).map(([name, S]) => [name, { S }]))

const image = (item: Item | undefined) => ({ document: JSON.stringify(attributes(item)) ?? null })

/** An event as it is written of an item that was, and is. */
const WRITERS = {
  dynamodb: (before?: Item, after?: Item) => ({
    eventName: before === undefined ? 'INSERT' : after === undefined ? 'REMOVE' : 'MODIFY',
    dynamodb: { NewImage: attributes(after), OldImage: attributes(before) },
  }),
  'dynamodb-cdc': (before?: Item, after?: Item) => ({
    op: before === undefined ? 'c' : after === undefined ? 'd' : 'u',
    before: before === undefined ? null : image(before),
    after: after === undefined ? null : image(after),
  }),
}

type Step = { id: number; code: number; name: string } | { remove: number } | 'restart'

const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({ id: fc.nat(5), code: fc.nat(7), name: fc.string({ maxLength: 9 }) }),
    },
    { weight: 3, arbitrary: fc.record({ remove: fc.nat(5) }) },
    { weight: 1, arbitrary: fc.constant('restart' as const) },
  ),
  { maxLength: 40, size: 'max' },
)

for (const [envelope, by] of [
  ['dynamodb', 'id'],
  ['dynamodb', 'code'],
  ['dynamodb-cdc', 'code'],
] as const) {
  test(`of random changes of a table in ${envelope}, with restarts, the rows by ${by} are those of the table`, async (t) => {
    const folder = await temporaryFolder(t)
    const ports = await dimensionOf(folder, envelope, by)
    let run = 0
    await fc.assert(
      fc.asyncProperty(
        steps,
        fc.infiniteStream(fc.record({ turn: fc.nat(), records: fc.integer({ min: 1, max: 4 }) })),
        async (list, chunks) => {
          const topic = new FakeTopic(2)
          const table = new Map<string, Item>()
          const path = join(folder, String(run++))
          const start = () => startOn(topic, path, () => chunks.next().value, ports)
          let running = await start()
          let time = 1
          const change = (id: string, after: Item | undefined): void => {
            const before = table.get(id)
            const event = WRITERS[envelope](before, after)
            if (before === undefined && after === undefined) return
            // By the hash of the primary key, which no row has as its own.
            topic.write(Number(id) % 2, `#${id}`, text(event), time++)
            if (after === undefined) table.delete(id)
            else table.set(id, after)
          }
          for (const step of list) {
            if (step === 'restart') {
              await running.dimension.close()
              running = await start()
            } else if ('remove' in step) change(String(step.remove), undefined)
            else {
              const item = { id: String(step.id), code: `c${step.code}`, name: step.name }
              const isTaken = [...table.values()].some(
                (o) => o.code === item.code && o.id !== item.id,
              )
              if (!isTaken) change(item.id, item)
            }
          }
          await caughtUp(running, topic)
          const expected = [...table.values()].map((item) => [item[by], columns(item)] as const)
          assert.deepEqual(rowsOf(running.dimension.table), new Map(expected))
          await running.dimension.close()
        },
      ),
      { numRuns: 15 },
    )
  })
}

/** One character a byte. */
const text = (event: object): string => Buffer.from(JSON.stringify(event)).toString('latin1')

/** The selected column as the output has it: made nullable. */
function columns({ name }: Item): string {
  const bytes = Buffer.from(name)
  return `\x02${String.fromCharCode(2 * bytes.length)}${bytes.toString('latin1')}`
}
