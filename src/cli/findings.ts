import type { Finding, Mark } from './checks/finding.ts'
import { print, styled } from './terminal.ts'

const MARKS: Readonly<Record<Mark, { sign: string; colour: 'green' | 'yellow' | 'red' }>> = {
  ok: { sign: '✓', colour: 'green' },
  warn: { sign: '!', colour: 'yellow' },
  fail: { sign: '✗', colour: 'red' },
}

const signed = (mark: Mark): string => styled(MARKS[mark].colour, MARKS[mark].sign)

/** A line for each finding, one more with what to do, and at the end how many there are of each. */
export function printFindings(findings: readonly Finding[]): void {
  const width = Math.max(...findings.map(({ what }) => what.length))
  for (const { mark, what, detail, remedy } of findings) {
    print(`${signed(mark)} ${what.padEnd(width)}  ${detail}`)
    if (remedy !== null) print(`  ${' '.repeat(width)}  ${styled('bold', '→')} ${remedy}`)
  }
  const count = (mark: Mark): number => findings.filter((finding) => finding.mark === mark).length
  const marks = Object.keys(MARKS) as Mark[]
  print(`\n${marks.map((mark) => `${count(mark)} ${signed(mark)}`).join('   ')}`)
}
