/** The examples' own test cases, and what their generators send. */
import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import type { Source } from '../../examples/source.ts'
import { compare } from '../../src/cli/simulate/compare.ts'
import { loadFixture } from '../../src/cli/simulate/fixture.ts'
import { Simulation } from '../../src/cli/simulate/simulation.ts'
import { AvroJson } from '../../src/codec/avro/json-encoding.ts'
import { keyBytes } from '../../src/codec/keys/keys.ts'
import { loadPipeline } from '../../src/config/load.ts'
import { sourcesOf } from '../../src/config/topic-names.ts'
import { keyPlans } from '../../src/plan/key-readers.ts'
import { readSchemas } from '../../src/plan/pipeline-codec.ts'

const FIXTURES = readdirSync('examples', { recursive: true })
  .map(String)
  .filter((file) => file.endsWith('.test.yaml'))

test('each example with a pipeline of its own has test cases', () => {
  const files = readdirSync('examples', { recursive: true }).map(String)
  const examples = files.filter((file) => /^(?!compose)[^/]+\/pipeline\.yaml$/.test(file))
  assert.deepEqual(
    FIXTURES.map((file) => file.split('/')[0]).sort(),
    examples.map((file) => file.split('/')[0]).sort(),
  )
  assert.equal(examples.length, 11)
})

for (const file of FIXTURES) {
  const { pipeline, codec, clock, cases } = await loadFixture(`examples/${file}`, {}, (its) =>
    readSchemas(its, null),
  )
  for (const { name, steps, expected } of cases) {
    test(`${file}: ${name}`, async () => {
      const simulation = await Simulation.open(pipeline, codec, clock)
      try {
        for (const step of steps) await simulation.take(step)
        assert.deepEqual(compare(expected, simulation.effects), [])
      } finally {
        await simulation.close()
      }
    })
  }
}

for (const example of ['orders', 'ads', 'sensors', 'enrich', 'catalog', 'expressions', 'trips']) {
  test(`${example}: the generator's records are of the topics' schemas, and known from their numbers`, async () => {
    const { source } = (await import(`../../examples/${example}/source.ts`)) as { source: Source }
    const pipeline = loadPipeline(`examples/${example}/pipeline.yaml`, {})
    const { facts, joins, dimensions } = pipeline
    const sources = sourcesOf(pipeline).length
    const schemas = await readSchemas(pipeline, null)
    const fault = (path: readonly string[], message: string) => assert.fail(`${path}: ${message}`)
    for (let i = 0; i < 300; i++) {
      const fact = source.fact(i, i)
      assert.deepEqual(source.fact(i, i), fact)
      assert.ok(keyBytes(facts.keyFormat, fact.key))
      assert.ok(new AvroJson(schemas.facts).encode(fact.value, fault))
      for (const right of source.rights(i, i)) {
        assert.ok(right.at >= i)
        const [join] = joins
        const key = keyBytes(join.keyFormat, right.key)
        const isAlike = join.repartition === null
        if (isAlike) assert.deepEqual(key, keyBytes(facts.keyFormat, fact.key))
        assert.ok(key)
        assert.ok(new AvroJson(schemas.rights[0]).encode(right.value, fault))
      }
    }
    const plans = keyPlans(pipeline, schemas).slice(sources)
    for (const [d, { name, keyFormat }] of dimensions.entries()) {
      const [row] = source.dimensions[name]()
      assert.ok(keyBytes(keyFormat, row.key, plans[d]))
      assert.ok(new AvroJson(schemas.dimensions[d]).encode(row.value, fault))
    }
  })
}
