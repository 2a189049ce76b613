/** `completion SHELL`: a script that completes commands, their options and file names. */
import { print } from './terminal.ts'

/** What commander knows of a command. */
export interface CommandTree {
  name(): string
  description(): string
  readonly commands: readonly CommandTree[]
  readonly options: readonly { readonly long?: string | undefined; readonly description: string }[]
}

/** A command's words, as `topics create`, with what may follow them. */
interface Place {
  readonly path: string
  readonly next: readonly { readonly word: string; readonly about: string }[]
}

const SCRIPTS = { bash, zsh, fish }

export function completion(root: CommandTree, shell: string): void {
  print(SCRIPTS[shell as keyof typeof SCRIPTS](root.name(), places(root, '')))
}

function places(command: CommandTree, path: string): Place[] {
  const options = command.options.filter(({ long }) => long !== undefined)
  const next = [
    ...command.commands.map((sub) => ({ word: sub.name(), about: sub.description() })),
    ...options.map(({ long, description }) => ({ word: long!, about: description })),
    { word: '--help', about: 'display help' },
  ]
  const below = command.commands.flatMap((sub) => places(sub, `${path} ${sub.name()}`.trim()))
  return [{ path, next }, ...below]
}

/** The longest of `places` that the words so far begin with, in the language of bash and zsh. */
const pathFinder = (all: readonly Place[]): string => `  local path="" word
  for word in "\${words[@]:1:$((at - 1))}"; do
    case "\${path:+$path }$word" in
      ${all
        .slice(1)
        .map(({ path }) => `"${path}"`)
        .join('|')}) path="\${path:+$path }$word" ;;
    esac
  done`

function bash(name: string, all: readonly Place[]): string {
  const cases = all.map(
    ({ path, next }) => `    "${path}") next="${next.map(({ word }) => word).join(' ')}" ;;`,
  )
  return `# ${name} completion for bash: source <(${name} completion bash)
_${identifier(name)}() {
  local current="\${COMP_WORDS[COMP_CWORD]}" next at=$COMP_CWORD
  local words=("\${COMP_WORDS[@]}")
${pathFinder(all)}
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$next" -- "$current"))
  [[ -n "$path" && "$current" != -* ]] && COMPREPLY+=($(compgen -f -- "$current"))
}
complete -o filenames -F _${identifier(name)} ${name}`
}

function zsh(name: string, all: readonly Place[]): string {
  const quoted = (text: string): string => text.replaceAll("'", "'\\''").replaceAll(':', '\\:')
  const cases = all.map(({ path, next }) => {
    const list = next.map(({ word, about }) => `'${word}:${quoted(about)}'`)
    return `    "${path}") next=(${list.join(' ')}) ;;`
  })
  return `#compdef ${name}
# ${name} completion for zsh: source <(${name} completion zsh)
_${identifier(name)}() {
  local -a next
  local at=$((CURRENT - 1))
${pathFinder(all)}
  case "$path" in
${cases.join('\n')}
  esac
  _describe command next
  [[ -n "$path" ]] && _files
}
compdef _${identifier(name)} ${name}`
}

function fish(name: string, all: readonly Place[]): string {
  const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`
  const lines = all.flatMap(({ path, next }) => {
    const words = path.split(' ').filter((word) => word !== '')
    const subs = next.filter(({ word }) => !word.startsWith('-')).map(({ word }) => word)
    const seen = words.map((word) => `__fish_seen_subcommand_from ${word}`)
    const unseen = subs.length === 0 ? [] : [`not __fish_seen_subcommand_from ${subs.join(' ')}`]
    const when = quoted([...seen, ...unseen].join('; and '))
    return next.map(({ word, about }) => {
      const what = word.startsWith('--') ? `-l ${word.slice(2)}` : `-f -a ${word}`
      return `complete -c ${name} -n ${when} ${what} -d ${quoted(about)}`
    })
  })
  return `# ${name} completion for fish: ${name} completion fish | source\n${lines.join('\n')}`
}

const identifier = (name: string): string => name.replaceAll(/\W/g, '_')
