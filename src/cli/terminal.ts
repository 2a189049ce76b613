/** What commands write, and how it looks on a terminal and in a pipe. */
import { styleText } from 'node:util'

// `… | head` wants no more: no error, and nothing left to do.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Commands say at their end what was wrong; a line for each retry would only hide it. */
export const quietLog = { event() {} }

/** Node knows NO_COLOR, FORCE_COLOR and what the terminal can do. */
const colours = process.stdout.isTTY && process.stdout.hasColors()

type Style = Parameters<typeof styleText>[0]

/** Colours only where someone looks: not in a pipe, not with NO_COLOR. */
export const styled = (style: Style, text: string): string =>
  colours ? styleText(style, text) : text

/**
 * A line that shows how far long work is: on the terminal only, and gone when the work is done.
 * @param total in the same unit as what `at` is given
 */
export function progress(label: string, total: number): { at(done: number): void; end(): void } {
  const { stderr } = process
  if (!stderr.isTTY || total === 0) return { at() {}, end() {} }
  const WIDTH = 30
  let shown = -1
  return {
    at(done) {
      const percent = Math.min(100, Math.floor((done * 100) / total))
      if (percent === shown) return
      shown = percent
      const bar = '█'.repeat((percent * WIDTH) / 100).padEnd(WIDTH, '░')
      stderr.write(`\r${label} ${bar} ${percent} %`)
    },
    end() {
      stderr.write('\r\u001b[K')
    },
  }
}
