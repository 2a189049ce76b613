/** What reading and writing one record costs, stage by stage. */
import { readFileSync } from 'node:fs'
import avsc from 'avsc'
import type { RecordColumns } from '../src/batch.ts'
import { RecordBatchWriter } from '../src/broker/record-batch-writer.ts'
import { decodeRecordBatches } from '../src/broker/record-columns.ts'
import { bytesOf } from '../src/bytes.ts'
import { loadPipeline } from '../src/config/load.ts'
import { createPipelineCodec, readSchemas } from '../src/plan/pipeline-codec.ts'
import { CUSTOMERS, readValue, tableOf } from './dimension-rows.ts'
import { recordBatch } from './feed.ts'
import { printHeader } from './machine.ts'
import { measure, ownFlags } from './micro.ts'
import { readOptions } from './options.ts'
import { PIPELINE } from './service.ts'
import { describeRuns } from './spread.ts'

const USAGE = `npm run bench -- codec [options]

  --runs N        runs of each (7)
  --flags "..."   V8 flags`

const RECORDS = 10_000
const FRAME = 5
const { runs } = readOptions(USAGE, { runs: 7 })
const nothing = (): void => {}

const batch = await recordBatch('order', 0, RECORDS, 0.05)
const columns = (await decodeRecordBatches(batch, 0, [])) as RecordColumns
const { buffer, keyStarts, keyEnds, valueStarts, valueEnds, timestamps } = columns
const pipeline = loadPipeline(PIPELINE, {})
const codec = createPipelineCodec(pipeline, await readSchemas(pipeline, null), null)
const target = bytesOf(Buffer.alloc(1024))

async function batches(): Promise<void> {
  const to = { topic: 'orders', partition: 0, transactional: true, compression: 'none' } as const
  await measure(
    {
      name: 'record batch → columns, with its checksum',
      records: RECORDS,
      prepare: nothing,
      work: () => void decodeRecordBatches(batch, 0, []),
    },
    runs,
  )
  const frame = bytesOf(Buffer.alloc(FRAME))
  await measure(
    {
      name: 'parts → record batch, with its checksum',
      records: RECORDS,
      prepare: nothing,
      async work() {
        const writer = new RecordBatchWriter({ ...to, expectedBytes: batch.length })
        for (let i = 0; i < RECORDS; i++) {
          const half = (valueStarts[i] + valueEnds[i]) >> 1
          const bytes = valueEnds[i] - valueStarts[i]
          writer.begin(timestamps[i], buffer, keyStarts[i], keyEnds[i], bytes, 0)
          writer.append(frame, 0, FRAME)
          writer.append(buffer, valueStarts[i] + FRAME, half)
          writer.append(buffer, half, valueEnds[i])
          writer.end(buffer, 0, 0)
        }
        await writer.seal(1n, 0, 0)
        writer.release()
      },
    },
    runs,
  )
}

async function values(): Promise<void> {
  const reader = readValue(codec.sources[0].values, buffer.subarray(valueStarts[0], valueEnds[0]))
  const read = (i: number): void => {
    const fault = reader.read(0, buffer, valueStarts[i], valueEnds[i])
    if (fault !== null) throw new Error(reader.fault)
    reader.select(0)
  }
  const each = (name: string, work: (i: number) => void) =>
    measure(
      {
        name,
        records: RECORDS,
        prepare: nothing,
        work() {
          for (let i = 0; i < RECORDS; i++) work(i)
        },
      },
      runs,
    )
  await each('Avro order: walked, its three keys as text', read)
  await each('  the same, and written in output form', (i) => {
    read(i)
    reader.project(target, 0)
  })
  const type = avsc.Type.forSchema(
    JSON.parse(readFileSync('examples/orders/schemas/order.avsc', 'utf8')),
  )
  await each('  for comparison: avsc makes an object of it', (i) => {
    type.fromBuffer(buffer.subarray(valueStarts[i] + FRAME, valueEnds[i]))
  })
  const table = tableOf(codec, CUSTOMERS)
  await each('  the same as the first, and its customer found', (i) => {
    read(i)
    const [key, start, end] = [reader.keyBuffer(1), reader.keyStart(1), reader.keyEnd(1)]
    table.find(table.hash(key, start, end), key, start, end)
  })
}

printHeader('Codec')
console.log(`  CPU time per record, ${describeRuns(runs, ownFlags())}`)
await batches()
await values()
