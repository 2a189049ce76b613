import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'
import { bytesOf } from '../../src/bytes.ts'
import { parseSchema } from '../../src/codec/avro/parse.ts'
import { resolve } from '../../src/codec/avro/resolve.ts'
import { parseSchemaText } from '../../src/codec/avro/schema-json.ts'
import { AvroTransfer, Incompatible } from '../../src/codec/avro/transfer.ts'

/**
 * What Java Avro 1.12.0 answered, one row for each question: `GenericDatumReader(writer, reader)` on the
 * bytes, and its result written again by `GenericDatumWriter(reader)`; `refused` where the parser, the
 * reader or the value said no. Where ours is another answer, the last columns have it and say why.
 */
const ROWS = new URL('java-judgments.tsv', import.meta.url)

function answer(writer: string, reader: string, bytes: string): string {
  const [theirs, ours] = [writer, reader].map((text) => parseSchema(parseSchemaText(text)))
  const transfer = new AvroTransfer()
  const value = bytesOf(Buffer.from(bytes, 'hex'))
  try {
    const transcode = resolve(theirs, ours)
    transfer.begin(value, 0, value.length)
    if (!transcode(transfer)) return 'refused'
  } catch (error) {
    assert.ok(error instanceof Incompatible)
    return 'refused'
  }
  const { buffer, start, at } = transfer.sink
  return buffer.toString('hex', start, at)
}

for (const row of readFileSync(ROWS, 'utf8').trimEnd().split('\n').slice(1)) {
  const [name, writer, reader, bytes, java, ours = java, because] = row.split('\t')
  const title = because === undefined ? `as Java reads it: ${name}` : `${name}: ${because}`
  test(title, () => assert.equal(answer(writer, reader, bytes), ours))
}
