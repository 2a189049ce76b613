import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { readFile } from '../../../src/codec/protobuf/schema.ts'
import { viewOf } from '../../../src/codec/protobuf/view.ts'
import { reading } from './reading.ts'

/** Written by google/values.py, with Google's own library. */
interface Case {
  readonly name: string
  /** In hex. */
  readonly bytes: string
  /** null: the library refuses the bytes. */
  readonly value: Readonly<Record<string, unknown>> | null
}

const place = (name: string): string => fileURLToPath(new URL(`google/${name}`, import.meta.url))
const cases = readFileSync(place('values.jsonl'), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Case)

/** What the library leaves to its caller, and is refused here: times and dates that are none. */
const STRICTER = /no time|no whole date/

/** A map's entry with a field that is not known: Python leaves it out, Java does not (findings/protobuf-map-unknown-field.sh). */
const OTHERWISE = ['mutation 29', 'mutation 76', 'mutation 103', 'mutation 124']

for (const file of ['values.proto', 'values.desc']) {
  test(`bytes are read, and refused, as Google's library does, by ${file}`, async () => {
    const all = await readFile(place(file))
    const [{ message }] = all.messages
    const read = reading(viewOf({ message, file: all }))
    assert.ok(cases.length > 150)
    for (const { name, bytes, value } of cases) {
      const got = read(Buffer.from(bytes, 'hex'))
      if (OTHERWISE.includes(name)) {
        assert.notDeepEqual(got, value, name)
        continue
      }
      if (typeof got === 'string' && STRICTER.test(got)) continue
      if (value === null) assert.match(String(got), /^malformed /, name)
      else assert.deepEqual(got, value, name)
    }
  })
}
