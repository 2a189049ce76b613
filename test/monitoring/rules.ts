/** The alerting rules as data. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'

export interface Alert {
  readonly alert: string
  readonly expr: string
  readonly for?: string
  readonly labels: { readonly severity: string }
  readonly annotations: {
    readonly summary: string
    readonly description: string
    readonly runbook_url: string
  }
}

const FILES = fileURLToPath(new URL('../../helm/stream-enricher/files/', import.meta.url))
export const RULES_FILE = `${FILES}rules.yaml`
export const RUNBOOK_FILE = `${FILES}RUNBOOK.md`
export const DASHBOARD_FILE = `${FILES}dashboard.json`

const { groups } = parse(readFileSync(RULES_FILE, 'utf8')) as {
  groups: readonly { rules: readonly Alert[] }[]
}
export const alerts: readonly Alert[] = groups.flatMap(({ rules }) => rules)

/** Metrics that a query names: words with the prefixes of the exporters we rely on. */
export function metricsIn(query: string): string[] {
  const unquoted = query.replaceAll(/"[^"]*"/g, '')
  return [...unquoted.matchAll(/\b(?:enricher|process|nodejs|kubelet|container|kube)_\w+/g)].map(
    ([name]) => name,
  )
}
