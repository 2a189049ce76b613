/** `test FILE…`: runs the cases of fixture files through the real join, on a clock of its own and without a broker. */

import type { Pipeline } from '../config/pipeline.ts'
import { plural } from '../config/text.ts'
import type { TopicSchemas } from '../plan/output-plan.ts'
import { readSchemas } from '../plan/pipeline-codec.ts'
import { withRegistry } from './compile.ts'
import { compare, type Difference } from './simulate/compare.ts'
import { type Case, type Fixture, loadFixture } from './simulate/fixture.ts'
import { Simulation } from './simulate/simulation.ts'
import { print, styled } from './terminal.ts'

/** Sets the exit code to 1 where a case fails. Throws where a file is wrong, before any case runs. */
export async function test(files: readonly string[]): Promise<void> {
  const fixtures: (Fixture & { file: string })[] = []
  for (const file of files) {
    fixtures.push({ ...(await loadFixture(file, process.env, schemasOf)), file })
  }
  let cases = 0
  let failed = 0
  for (const fixture of fixtures) {
    print(styled('bold', fixture.file))
    for (const one of fixture.cases) {
      const differences = await differencesOf(fixture, one)
      cases++
      if (differences.length > 0) failed++
      show(one, differences)
    }
    print('')
  }
  print(
    failed === 0
      ? `${plural(cases, 'case')} passed`
      : `${failed} of ${plural(cases, 'case')} failed`,
  )
  if (failed > 0) process.exitCode = 1
}

const schemasOf = (pipeline: Pipeline): Promise<TopicSchemas> =>
  withRegistry(pipeline, (registry) => readSchemas(pipeline, registry))

async function differencesOf(fixture: Fixture, { steps, expected }: Case): Promise<Difference[]> {
  const simulation = await Simulation.open(fixture.pipeline, fixture.codec, fixture.clock)
  try {
    for (const step of steps) await simulation.take(step)
    await simulation.end()
    return compare(expected, simulation.effects)
  } finally {
    await simulation.close()
  }
}

function show({ name }: Case, differences: readonly Difference[]): void {
  print(
    differences.length === 0
      ? `  ${styled('green', '✓')} ${name}`
      : `  ${styled('red', '✗')} ${name}`,
  )
  for (const { what, expected, got } of differences) {
    print(`      ${what}`)
    print(styled('green', `        expected ${expected}`))
    print(styled('red', `        got      ${got}`))
  }
}
