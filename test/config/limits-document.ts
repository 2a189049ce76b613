/** The table of `docs/limits.md`: what a pipeline file cannot say. */
import { WISHES } from '../../src/config/not-supported.ts'

export const LIMITS_FILE = 'docs/limits.md'
export const LIMITS_HEAD = '| key | what is not supported | the way round |\n| --- | --- | --- |\n'

export function limitsTable(): string {
  const rows = new Map<string, string[]>()
  for (const { at, values, what, instead } of WISHES) {
    const behind = `| ${what} | ${instead} |`
    const key = `\`${at}\`${values === undefined ? '' : `: ${values.join(', ')}`}`
    rows.set(behind, [...(rows.get(behind) ?? []), key])
  }
  return [...rows].map(([behind, keys]) => `| ${keys.join('<br>')} ${behind}`).join('\n')
}
