/** Records to evaluate expressions over, and how a program of ours is run over one. */
import { bytesOf } from '../../src/bytes.ts'
import { AvroDecoder } from '../../src/codec/avro/decode.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { parseSchema } from '../../src/codec/avro/parse.ts'
import { AvroReader, type AvroRecordSchema } from '../../src/codec/avro/reader.ts'
import { AvroSource } from '../../src/codec/avro/walk.ts'
import { FILTERED, TAKEN } from '../../src/codec/port.ts'
import { Computation } from '../../src/expression/computed.ts'
import { checkProgram, type Expressions } from '../../src/expression/program.ts'

const nullable = (type: unknown): unknown[] => ['null', type]
const logical = (type: string, logicalType: string, more: object = {}): object => ({
  type,
  logicalType,
  ...more,
})

/** A field of each kind, and of each a nullable one. */
export const SCHEMA = {
  type: 'record',
  name: 'Sample',
  fields: [
    { name: 'i', type: 'int' },
    { name: 'l', type: 'long' },
    { name: 'm', type: 'long' },
    { name: 'd', type: 'double' },
    { name: 'e', type: 'double' },
    { name: 's', type: 'string' },
    { name: 'r', type: 'string' },
    { name: 'b', type: 'boolean' },
    { name: 'kind', type: { type: 'enum', name: 'Kind', symbols: ['WEB', 'APP', 'SHOP'] } },
    { name: 't', type: logical('long', 'timestamp-millis') },
    { name: 'u', type: logical('long', 'timestamp-micros') },
    { name: 'day', type: logical('int', 'date') },
    { name: 'ni', type: nullable('int') },
    { name: 'nl', type: ['long', 'null'] },
    { name: 'nd', type: nullable('double') },
    { name: 'ns', type: nullable('string') },
    { name: 'nb', type: nullable('boolean') },
    { name: 'amount', type: logical('bytes', 'decimal', { precision: 30, scale: 2 }) },
    {
      name: 'address',
      type: nullable({
        type: 'record',
        name: 'Address',
        fields: [
          { name: 'lines', type: { type: 'array', items: 'string' } },
          { name: 'zip', type: 'int' },
          { name: 'city', type: nullable('string') },
        ],
      }),
    },
  ],
} as unknown as AvroRecordSchema

/** A value of each field. */
export const SAMPLE = {
  i: 3,
  l: 10,
  m: 4,
  d: 2.5,
  e: -1,
  s: 'Grüße',
  r: ' x ',
  b: true,
  kind: 'APP',
  t: 1_767_225_600_123,
  u: 1_767_225_600_123_456,
  day: 20_454,
  ni: null as number | null,
  nl: null as number | null,
  nd: null as number | null,
  ns: null as string | null,
  nb: null as boolean | null,
  amount: '\u0030\u0039',
  address: null as unknown,
}

const encoder = new AvroJson(SCHEMA)

export function encoded(value: object): Buffer {
  const body = encoder.encode(value, (_path, message) => assertNever(message))
  return Buffer.concat([Buffer.from([0, 0, 0, 0, 1]), body as Buffer])
}

function assertNever(message: string): never {
  throw new Error(message)
}

export type Result = { readonly value: unknown } | 'filtered' | { readonly failed: string }

/** The faults of expressions; of their texts, by place and message. */
export const faultsOf = (expressions: Partial<Expressions>): string[] =>
  checkProgram({ where: null, fields: [], ...expressions }, SCHEMA, ['facts']).faults.map(
    ({ path, at, message }) => `${path.join('.')}:${at}: ${message}`,
  )

const NUMBERS = {
  bytes: (bytes: Buffer) => bytes.toString('latin1'),
  integer: (value: number | bigint) => BigInt(value),
  namesBranch: () => false,
}

/** A program that derives one field `x`, to be run over many records. */
export function runner(expression: string, where: string | null = null) {
  const fields = [{ name: 'x', expression }]
  const { program, faults } = checkProgram({ where, fields }, SCHEMA, ['facts'])
  if (faults.length > 0) throw new Error(JSON.stringify(faults))
  const { schema } = program.fields[0]
  const computation = new Computation(program, {
    select: [{ name: 'x', nullable: false }],
    keys: [],
    time: null,
    timeUnit: null,
  })
  const reader = computation.over(new AvroReader(SCHEMA, { select: [], keys: [], time: null }))
  const decoder = new AvroDecoder(parseSchema(schema), NUMBERS)
  const run = (bytes: Buffer): Result => {
    const value = bytesOf(bytes)
    const fault = reader.read(7, value, 0, value.length)
    if (fault !== null) throw new Error(reader.fault)
    reader.select(7)
    if (reader.fate === FILTERED) return 'filtered'
    if (reader.fate !== TAKEN) return { failed: reader.failure }
    const target = bytesOf(Buffer.alloc(reader.projectedBytes))
    reader.project(target, 0)
    const source = new AvroSource()
    source.open(target, 0, target.length)
    return { value: decoder.decode(source) }
  }
  return { schema, run }
}

/** The value of an expression over a record that differs from the sample in some fields. */
export function resultOf(expression: string, fields: object = {}): unknown {
  const result = runner(expression).run(encoded({ ...SAMPLE, ...fields }))
  return typeof result === 'object' && 'value' in result ? result.value : result
}
