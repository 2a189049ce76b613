/** Markdown as tests read it: what is prose, which blocks of code there are, which commands stand in them. */

export interface Block {
  /** Behind the fence; empty where the block is only indented. */
  readonly language: string
  readonly text: string
}

export interface Shown {
  readonly command: string
  /** The lines that are shown below it. */
  readonly output: readonly string[]
}

/** Code that stands by itself, and the text without it. */
export function blocksOf(document: string): { prose: string; blocks: Block[] } {
  const blocks: Block[] = []
  const prose: string[] = []
  let fenced: { fence: string; language: string; lines: string[] } | undefined
  let indented: string[] = []
  const flush = (): void => {
    if (indented.length > 0) blocks.push({ language: '', text: indented.join('\n').trimEnd() })
    indented = []
  }
  let before = ''
  for (const line of document.split('\n')) {
    const [, indent, fence, language] = /^( *)(```+)([^`]*)$/.exec(line) ?? []
    if (fenced !== undefined) {
      if (fence !== undefined && fence.length >= fenced.fence.length && language === '') {
        blocks.push({ language: fenced.language, text: fenced.lines.join('\n') })
        fenced = undefined
      } else fenced.lines.push(line)
    } else if (fence !== undefined) {
      flush()
      fenced = { fence: fence + indent, language: language.trim(), lines: [] }
    } else if (/^ {4}/.test(line) && (indented.length > 0 || before === '')) {
      indented.push(line.slice(4))
    } else if (line === '' && indented.length > 0) {
      indented.push('')
    } else {
      flush()
      prose.push(line)
    }
    before = line
  }
  flush()
  return { prose: prose.join('\n'), blocks }
}

/** Lines that begin with `$ `, each with what is shown below it. */
export function commandsOf(document: string): Shown[] {
  return blocksOf(document).blocks.flatMap(({ text }) => {
    const parts = text.split(/^\$ /m).slice(1)
    return parts.map((part) => {
      const [command, ...output] = part.replaceAll('\\\n', ' ').split('\n')
      return { command, output: output.filter((line) => line.trim() !== '') }
    })
  })
}

/**
 * Whether a command has printed the lines that are shown: in their order, `…` stands for any text in a line, and as a line of its
 * own for any lines. Spaces count as one, for tables are as wide as what is in them.
 */
export function shows(printed: string, shown: readonly string[]): boolean {
  const plain = (line: string): string => line.trim().replaceAll(/\s+/g, ' ')
  const lines = printed.split('\n').map(plain)
  let at = 0
  for (const line of shown.map(plain)) {
    if (line === '…') continue
    const pattern = line.split('…').map((part) => part.replaceAll(/[\\^$.*+?()[\]{}|]/g, '\\$&'))
    const expression = new RegExp(`^${pattern.join('.*')}$`)
    const found = lines.findIndex((one, i) => i >= at && expression.test(one))
    if (found < 0) return false
    at = found + 1
  }
  return true
}
