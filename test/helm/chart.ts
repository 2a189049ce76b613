/** The chart, and what Helm renders of it. */
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseAllDocuments, stringify } from 'yaml'
import { needs } from '../support/needs.ts'
import { find } from './tools.ts'

export const CHART = resolve('helm/stream-enricher')
export const RELEASE = 'r'
const helm = find('helm')

/** For `test`'s options: tests that render need Helm. */
export const needsHelm = needs('helm')

/** Names of the values that try a feature each. */
export const features: readonly string[] = readdirSync(join(CHART, 'ci'))

// biome-ignore lint/suspicious/noExplicitAny: objects of any kind, as they come out of YAML
export type KubernetesObject = any

/** Values as `--set` has them, but as a map. */
export type Values = Readonly<Record<string, unknown>>

/**
 * Renders the chart with the values of a file of `ci/`, changed by `values`.
 * @param more arguments of the command line
 * @throws with Helm's message
 */
export function render(
  feature: string,
  values: Values = {},
  more: readonly string[] = [],
  release = RELEASE,
): readonly KubernetesObject[] {
  const text = helmTemplate(completeChart(), feature, values, more, release)
  return parseAllDocuments(text, { version: '1.1' })
    .map((document) => document.toJS())
    .filter((object) => object !== null)
}

/** What `helm template` prints. */
export function helmTemplate(
  chart: string,
  feature: string,
  values: Values,
  more: readonly string[] = [],
  release = RELEASE,
): string {
  const args = ['template', release, chart, '-f', join(CHART, 'ci', feature), '-f', '-', ...more]
  // Helm takes the version of an API server from its build, and one built by `go install` has an old one.
  const { status, stdout, stderr } = spawnSync(helm!, [...args, '--kube-version', '1.30'], {
    input: JSON.stringify(values),
    encoding: 'utf8',
  })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

/** What NOTES.txt says. Only an install prints it, which needs a cluster; so a template of a copy has it here. */
export function notes(feature: string, values: Values = {}): string {
  const chart = mkdtempSync(join(tmpdir(), 'chart-'))
  try {
    cpSync(CHART, chart, { recursive: true })
    renameSync(join(chart, 'templates/NOTES.txt'), join(chart, 'NOTES.txt'))
    const data = 'notes: {{ tpl (.Files.Get "NOTES.txt") . | quote }}'
    writeFileSync(join(chart, 'templates/notes.yaml'), `kind: Notes\n${data}\n`)
    const objects = parseAllDocuments(helmTemplate(chart, feature, values))
    return ofKind(
      objects.map((document) => document.toJS()).filter((object) => object !== null),
      'Notes',
    )[0].notes
  } finally {
    rmSync(chart, { recursive: true })
  }
}

/** The text with what is rendered of Kubernetes' own kinds; the models of `npm test` know the others. */
export function ownKinds(feature: string): string {
  const all = helmTemplate(completeChart(), feature, {}).split(/^---$/m)
  const own = /^apiVersion: (?!monitoring\.coreos\.com|keda\.sh)/m
  return all.filter((text) => own.test(text)).join('---\n')
}

export const ofKind = (objects: readonly KubernetesObject[], kind: string): KubernetesObject[] =>
  objects.filter((object) => object.kind === kind)

export const statefulSet = (objects: readonly KubernetesObject[]): KubernetesObject =>
  ofKind(objects, 'StatefulSet')[0]
export const podOf = (objects: readonly KubernetesObject[]): KubernetesObject =>
  statefulSet(objects).spec.template
export const containerOf = (objects: readonly KubernetesObject[]): KubernetesObject =>
  podOf(objects).spec.containers[0]

let complete: string | undefined

/** A copy of the chart that has alerts and a dashboard, also where the checkout has none. */
export function completeChart(): string {
  if (complete !== undefined) return complete
  complete = mkdtempSync(join(tmpdir(), 'chart-'))
  process.once('exit', () => rmSync(complete!, { recursive: true }))
  cpSync(CHART, complete, { recursive: true })
  const files = join(complete, 'files')
  mkdirSync(files, { recursive: true })
  const rules = { groups: [{ name: 'enricher', rules: [{ alert: 'Absent', expr: 'absent(up)' }] }] }
  for (const [name, text] of Object.entries({
    'rules.yaml': stringify(rules),
    'dashboard.json': '{}',
  })) {
    if (!existsSync(join(files, name))) writeFileSync(join(files, name), text)
  }
  return complete
}
