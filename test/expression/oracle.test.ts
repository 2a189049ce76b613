/** Random expressions over random records: ours, over the bytes, against the library's, over objects with bigints. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Environment } from '@marcbachmann/cel-js'
import fc from 'fast-check'
import { checkProgram } from '../../src/expression/program.ts'
import { encoded, type Result, runner, SAMPLE, SCHEMA } from './records.ts'

const environment = new Environment()
for (const [name, type] of Object.entries({
  i: 'int',
  l: 'int',
  m: 'int',
  d: 'double',
  e: 'double',
  s: 'string',
  r: 'string',
  b: 'bool',
  kind: 'string',
})) {
  environment.registerVariable(name, type)
}
// What we add to CEL: whole numbers and doubles among one another.
const mixed: Readonly<Record<string, (a: number, b: number) => number | boolean>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
}
for (const [operator, of] of Object.entries(mixed)) {
  environment.registerOperator(`int ${operator} double: double`, (a: bigint, b: number) =>
    of(Number(a), b),
  )
  environment.registerOperator(`double ${operator} int: double`, (a: number, b: bigint) =>
    of(a, Number(b)),
  )
}

interface Texts {
  readonly int: string
  readonly double: string
  readonly string: string
  readonly bool: string
}

const small = fc.integer({ min: -5, max: 5 })
/** Without what UTF-16 orders otherwise than code points, and letters beyond ASCII, whose case the library changes. */
const word = fc.string({ unit: fc.constantFrom('a', 'b', 'B', '☺', ' ', '1'), maxLength: 4 })
/** A list’s entries are compared one after the other, so that none that fails counts behind one that is equal. */
const literal = fc.oneof(
  fc.constantFrom('s', 'kind'),
  word.map((x) => JSON.stringify(x)),
)
const large = fc.constantFrom(2n ** 53n, 2n ** 62n, -(2n ** 53n) - 1n, 2n ** 63n - 1n, -(2n ** 63n))

const { int, double, string, bool } = fc.letrec<Texts>((any) => {
  const tie = (name: keyof Texts) => any(name) as fc.Arbitrary<string>
  const infix = (a: fc.Arbitrary<string>, operators: string[], b: fc.Arbitrary<string>) =>
    fc.tuple(a, fc.constantFrom(...operators), b).map(([x, o, y]) => `(${x} ${o} ${y})`)
  const at = { depthSize: 'small', withCrossShrink: true } as const
  return {
    int: fc.oneof(
      at,
      fc.constantFrom('i', 'l', 'm'),
      small.map(String),
      large.map(String),
      infix(tie('int'), ['+', '-', '*', '/', '%'], tie('int')),
      tie('string').map((x) => `size(${x})`),
      fc.tuple(tie('bool'), tie('int'), tie('int')).map(([c, x, y]) => `(${c} ? ${x} : ${y})`),
      // Of -(-2^63) the library makes 2^63, which is none of 64 bits.
      fc.constant('-i'),
    ),
    double: fc.oneof(
      at,
      fc.constantFrom('d', 'e'),
      fc.constantFrom('0.0', '1.5', '-2.25', '1e300'),
      infix(tie('double'), ['+', '-', '*', '/'], tie('double')),
      infix(tie('int'), ['+', '-', '*', '/'], tie('double')),
      infix(tie('double'), ['+', '-', '*', '/'], tie('int')),
      tie('int').map((x) => `double(${x})`),
    ),
    string: fc.oneof(
      at,
      fc.constantFrom('s', 'r', 'kind'),
      word.map((x) => JSON.stringify(x)),
      infix(tie('string'), ['+'], tie('string')),
      tie('string').map((x) => `${x}.lowerAscii()`),
      tie('string').map((x) => `${x}.upperAscii()`),
      tie('string').map((x) => `${x}.trim()`),
      tie('int').map((x) => `string(${x})`),
      tie('bool').map((x) => `string(${x})`),
    ),
    bool: fc.oneof(
      at,
      fc.constantFrom('b', 'true', 'false'),
      infix(tie('int'), ['<', '<=', '>', '>=', '==', '!='], tie('int')),
      infix(tie('double'), ['<', '<=', '>', '>=', '==', '!='], tie('double')),
      infix(tie('int'), ['<', '<=', '>', '>='], tie('double')),
      infix(tie('string'), ['<', '<=', '>', '>=', '==', '!='], tie('string')),
      infix(tie('bool'), ['&&', '||', '==', '!='], tie('bool')),
      tie('bool').map((x) => `!${x}`),
      fc
        .tuple(tie('string'), fc.array(literal, { minLength: 1, maxLength: 3 }))
        .map(([x, list]) => `(${x} in [${list.join(', ')}])`),
      fc
        .tuple(tie('string'), fc.constantFrom('contains', 'startsWith', 'endsWith'), tie('string'))
        .map(([x, name, y]) => `${x}.${name}(${y})`),
    ),
  }
})

const int64 = fc.oneof(
  small.map(BigInt),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  large,
)
const records = fc.record({
  i: fc.oneof(small, fc.integer()),
  l: int64,
  m: int64,
  d: fc.oneof(small, fc.double({ noNaN: true })),
  e: fc.oneof(small, fc.double()),
  s: word,
  r: word,
  b: fc.boolean(),
  kind: fc.constantFrom('WEB', 'APP', 'SHOP'),
})

/** What the library comes to; undefined: it fails. */
function expected(expression: string, values: object): unknown {
  try {
    return environment.evaluate(expression, values as Record<string, unknown>)
  } catch {
    return undefined
  }
}

const isBeyond = (result: Result): boolean =>
  typeof result === 'object' && 'failed' in result && /beyond 64 bits/.test(result.failed)

test('random expressions come to what the library comes to, or fail where it fails', () => {
  let failed = 0
  let runs = 0
  fc.assert(
    fc.property(
      fc.oneof(int, double, string, bool),
      fc.array(records, { minLength: 1, maxLength: 8 }),
      (expression, values) => {
        const { run } = runner(expression)
        for (const fields of values) {
          const digits = { ...fields, l: String(fields.l), m: String(fields.m) }
          const result = run(encoded({ ...SAMPLE, ...digits }))
          const wanted = expected(expression, { ...fields, i: BigInt(fields.i) })
          runs++
          if (wanted === undefined) failed++
          // Of -2^63 / -1 the library makes 2^63, which is none of 64 bits.
          if (isBeyond(result) && expression.includes('/')) continue
          const got = typeof result === 'object' && 'value' in result ? result.value : undefined
          assert.deepEqual(got, wanted, `${expression} is ${got}, not ${wanted}`)
        }
      },
    ),
    { numRuns: 3000 },
  )
  // Otherwise nothing is shown of failures, or of what does not fail.
  assert.ok(failed > runs / 100 && failed < runs / 2, `${failed} of ${runs} failed`)
})

test('the library’s own check gives each expression the type that ours gives it', () => {
  const types = { int: 'long', double: 'double', string: 'string', bool: 'boolean' } as const
  fc.assert(
    fc.property(fc.oneof(int, double, string, bool), (expression) => {
      const { valid, type } = environment.check(expression)
      const fields = [{ name: 'x', expression }]
      const { program } = checkProgram({ where: null, fields }, SCHEMA, ['facts'])
      assert.ok(valid, expression)
      assert.equal(program.fields[0].schema, types[type as keyof typeof types], expression)
    }),
    { numRuns: 1000 },
  )
})
