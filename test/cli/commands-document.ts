/** The part of docs/commands.md that is made from the command line itself: each command as its `--help` has it. */
import type { EventEmitter } from 'node:events'
import { Command } from 'commander'

export const COMMANDS_FILE = 'docs/commands.md'
/** What stands before it is written by hand. */
export const COMMANDS_HEAD = '## Each command\n\n'

/** The program of src/main.ts, which runs what it is given when it is loaded: here it is given nothing. */
async function program(): Promise<Command> {
  const { parseAsync } = Command.prototype
  let found: Command | undefined
  Command.prototype.parseAsync = async function (this: Command) {
    found = this
    return this
  }
  try {
    await import('../../src/main.ts')
  } finally {
    Command.prototype.parseAsync = parseAsync
  }
  return found!
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('\n', ' ')

/** What a command adds to its own help. */
function added(command: Command): string {
  let text = ''
  const write = (more: string): void => {
    text += more
  }
  const events = command as unknown as EventEmitter
  events.emit('afterHelp', { error: false, command, write })
  return text.trim().replaceAll('\n', ' ')
}

function section(command: Command): string {
  const help = command.createHelp()
  const terms = [
    ...help
      .visibleArguments(command)
      .map((one) => [help.argumentTerm(one), help.argumentDescription(one)]),
    ...help
      .visibleOptions(command)
      .filter((one) => one.long !== '--help')
      .map((one) => [
        help.optionTerm(one),
        `${one.mandatory ? 'Required: ' : ''}${help.optionDescription(one)}`,
      ]),
  ]
  const path = help.commandUsage(command).replace(/^stream-enricher /, '')
  const name = path.replace(/ (\[|<).*/, '')
  const parts = [`### ${name}`, `\`stream-enricher ${path}\`: ${command.description()}`]
  if (terms.length > 0) {
    const rows = terms.map(([term, about]) => `| \`${cell(term)}\` | ${cell(about)} |`)
    parts.push(`| | |\n| --- | --- |\n${rows.join('\n')}`)
  }
  const more = added(command)
  if (more !== '') parts.push(more)
  return parts.join('\n\n')
}

const leaves = (command: Command): Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves)

/** Each by its words, as `topics create`, with its options. */
export async function commands(): Promise<{ name: string; options: readonly string[] }[]> {
  return leaves(await shared()).map((command) => {
    const parent = command.parent?.name() ?? ''
    const name = parent === 'stream-enricher' ? command.name() : `${parent} ${command.name()}`
    return { name, options: ['--help', ...command.options.map(({ long }) => long ?? '')] }
  })
}

export const commandsText = async (): Promise<string> =>
  leaves(await shared())
    .map(section)
    .join('\n\n')

let loaded: Promise<Command> | undefined
/** Loaded once: a module runs only once. */
function shared(): Promise<Command> {
  loaded ??= program()
  return loaded
}
