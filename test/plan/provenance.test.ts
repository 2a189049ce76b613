/** What `provenance` changes of what is stored: nothing of the window, and all of the rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { topology } from '../../src/cli/validate.ts'
import { planOutput } from '../../src/plan/output-plan.ts'
import { createPipelineCodec, readSchemas } from '../../src/plan/pipeline-codec.ts'
import { joinPipeline } from '../cli/simulate/join/simulated-join.ts'

const plain = joinPipeline({ beforeMs: 1, afterMs: 1, graceMs: 0, kind: 'outer' }, false)
const told = { ...plain, provenance: true }
const schemas = await readSchemas(plain, null)

test('a window goes on when provenance is turned on or off, and rows are read anew', () => {
  const [before, after] = [plain, told].map((of) => createPipelineCodec(of, schemas, null))
  assert.equal(after.layout, before.layout)
  assert.equal(after.outputSchema, before.outputSchema)
  assert.notDeepEqual(after.rowLayouts, before.rowLayouts)
})

test('validate counts the headers that are kept with a record', () => {
  const bytes = [plain, told].map((of) => {
    const line = topology(of, planOutput(of, schemas)).find((one) => one.startsWith('Window'))!
    return [...line.matchAll(/(\d+) B/g)].map(([, count]) => Number(count))
  })
  assert.deepEqual(
    bytes[1].map((count, side) => count - bytes[0][side]),
    [140, 70],
  )
})
