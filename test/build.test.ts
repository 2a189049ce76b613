/** The bundle that `npm run build` makes, beside its source. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'

const work = mkdtempSync(join(tmpdir(), 'build-test-'))
before(async () => {
  const { bundle } = await import(String(new URL('../build.mjs', import.meta.url)))
  await bundle(join(work, 'dist'))
  copyFileSync('package.json', join(work, 'package.json'))
})
after(() => rmSync(work, { recursive: true }))

const orders = readFileSync('examples/orders/pipeline.yaml', 'utf8')
/** Unknown keys, other types, words that are none of the list, numbers without a unit; and nothing at all. */
const WRONG = [
  orders
    .replace('facts:', 'facts:\n  tpic: a\n  startAt: 7')
    .replace(/kind: .*/, 'kind: innner')
    .replace(/within: .*/, 'within: 60'),
  '{}',
]

function validate(...command: string[]): { status: number | null; said: string } {
  const args = [...command, 'validate', join(work, 'pipeline.yaml')]
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8' })
  return { status, said: stdout + stderr }
}

test('what is compiled when it is built finds the faults that its source does, in the same words', () => {
  for (const text of WRONG) {
    writeFileSync(join(work, 'pipeline.yaml'), text)
    const built = validate(join(work, 'dist/main.js'))
    assert.deepEqual(built, validate('--import', 'tsx', 'src/main.ts'))
    assert.match(built.said, /pipeline\.yaml:\d+/)
  }
})
