/** What commands write, and how it looks on a terminal and in a pipe. */
import { styleText } from 'node:util'

export const print = (text: string): void => {
  process.stdout.write(`${text}\n`)
}

/** Commands say at their end what was wrong; a line for each retry would only hide it. */
export const quietLog = { info() {}, warn() {} }

/** Node knows NO_COLOR, FORCE_COLOR and what the terminal can do. */
const colours = process.stdout.isTTY && process.stdout.hasColors()

type Style = Parameters<typeof styleText>[0]

/** Colours only where someone looks: not in a pipe, not with NO_COLOR. */
export const styled = (style: Style, text: string): string =>
  colours ? styleText(style, text) : text
