/** The rights that docs/security.md lists, as rules for a broker's authorizer: the end-to-end test runs with exactly these. */
import type { Pipeline } from '../../src/config/pipeline.ts'
import { changelogTopic, inputTopics, ownTopics } from '../../src/config/topic-names.ts'

type Kind = 'topic' | 'group' | 'transactional id'
export type Right = 'Read' | 'Write' | 'Create' | 'Delete' | 'DescribeConfigs'

const changelogOf = (pipeline: Pipeline): string[] => [changelogTopic(pipeline) ?? []].flat()

interface Row {
  readonly kind: Kind
  /** As the page has it. */
  readonly resource: string
  readonly names: (pipeline: Pipeline) => readonly string[]
  /** The names are the beginnings of names. */
  readonly isPrefix?: true
  readonly rights: readonly Right[]
  readonly commands: readonly string[]
  readonly why: string
}

const STARTS = ['run', 'check', 'plan']

/** @param replayed the topic that a replay writes to */
export const rowsOf = (replayed: string): readonly Row[] => [
  {
    kind: 'topic',
    resource: 'those of `facts`, `join` and `dimensions`',
    names: inputTopics,
    rights: ['Read'],
    commands: [...STARTS, 'replay', 'init', 'topics create'],
    why: 'their records',
  },
  {
    kind: 'topic',
    resource: '`output.topic`, `output.rejects`',
    names: ({ output }) => [output.topic, output.rejects],
    rights: ['Write'],
    commands: STARTS,
    why: 'what comes out',
  },
  {
    kind: 'topic',
    resource: '`<name>-window-changelog`',
    names: (pipeline) => changelogOf(pipeline),
    rights: ['Read', 'Write', 'Delete'],
    commands: [...STARTS, 'reset'],
    why: 'the window; its head is deleted as windows pass, and all of it by `reset`',
  },
  {
    kind: 'topic',
    resource: 'output, rejects and changelog, where they are missing',
    names: ownTopics,
    rights: ['Create'],
    commands: ['run', 'topics create'],
    why: 'not needed where somebody else creates them',
  },
  {
    kind: 'topic',
    resource: '`output.rejects`',
    names: ({ output }) => [output.rejects],
    rights: ['Read'],
    commands: ['rejects'],
    why: 'what was rejected',
  },
  {
    kind: 'topic',
    resource: '`<output.rejects>.retried`',
    names: ({ output }) => [`${output.rejects}.retried`],
    rights: ['Read'],
    commands: ['rejects'],
    why: 'which of them were retried',
  },
  {
    kind: 'topic',
    resource: '`<output.rejects>.retried`',
    names: ({ output }) => [`${output.rejects}.retried`],
    rights: ['Create', 'Write'],
    commands: ['rejects retry'],
    why: 'the same is noted there',
  },
  {
    kind: 'topic',
    resource: 'those of `facts`, `join` and `dimensions` to which rejects go back',
    names: inputTopics,
    rights: ['Write'],
    commands: ['rejects retry'],
    why: 'a retry writes them there',
  },
  {
    kind: 'transactional id',
    resource: '`<output.rejects>.retry`',
    names: ({ output }) => [`${output.rejects}.retry`],
    rights: ['Write'],
    commands: ['rejects retry'],
    why: 'records go back, and are noted, in transactions; one retry at a time',
  },
  {
    kind: 'group',
    resource: '`<name>`',
    names: ({ name }) => [name],
    rights: ['Read'],
    commands: STARTS,
    why: 'membership and offsets',
  },
  {
    kind: 'group',
    resource: '`<name>`',
    names: ({ name }) => [name],
    rights: ['Delete'],
    commands: ['reset'],
    why: 'its offsets are forgotten',
  },
  {
    kind: 'transactional id',
    resource: '`<name>-<kafka.instanceId>`; those that begin with `<name>-` where it is not set',
    names: ({ name }) => [`${name}-`],
    isPrefix: true,
    rights: ['Write'],
    commands: ['run', 'check'],
    why: 'an epoch is a transaction',
  },
  {
    kind: 'transactional id',
    resource: '`<name>-start-at`, where `startAt` is set',
    names: ({ name }) => [`${name}-start-at`],
    rights: ['Write'],
    commands: ['run', 'check'],
    why: 'where the group begins is committed before it reads',
  },
  {
    kind: 'topic',
    resource: 'what `replay --output` names, and its `.rejects`',
    names: () => [replayed, `${replayed}.rejects`],
    rights: ['Create', 'Write'],
    commands: ['replay'],
    why: 'what comes out of a replay',
  },
  {
    kind: 'topic',
    resource: 'those that begin with `<name>-replay-`',
    names: ({ name }) => [`${name}-replay-`],
    isPrefix: true,
    rights: ['Create', 'Read', 'Write', 'Delete'],
    commands: ['replay'],
    why: 'a changelog and internal topics of its own',
  },
  {
    kind: 'group',
    resource: 'those that begin with `<name>-replay-`',
    names: ({ name }) => [`${name}-replay-`],
    isPrefix: true,
    rights: ['Read', 'Delete'],
    commands: ['replay'],
    why: 'a group of its own',
  },
  {
    kind: 'transactional id',
    resource: 'those that begin with `<name>-replay-`',
    names: ({ name }) => [`${name}-replay-`],
    isPrefix: true,
    rights: ['Write'],
    commands: ['replay'],
    why: 'as for `run`',
  },
]

export interface Rule {
  readonly kind: Kind
  readonly name: string
  readonly isPrefix: boolean
  readonly right: Right
}

export const rulesOf = (pipeline: Pipeline, replayed: string): Rule[] =>
  rowsOf(replayed).flatMap(({ kind, names, isPrefix, rights }) =>
    names(pipeline).flatMap((name) =>
      rights.map((right) => ({ kind, name, isPrefix: isPrefix ?? false, right })),
    ),
  )

const HEAD = `| Of | Name | Rights | Needed by | For |
|---|---|---|---|---|
`

/** The table of the page. */
export const aclTable = (): string =>
  HEAD +
  rowsOf('')
    .map(({ kind, resource, rights, commands, why }) => {
      const who = commands.map((command) => `\`${command}\``).join(', ')
      return `| ${kind} | ${resource} | ${rights.join(', ')} | ${who} | ${why} |\n`
    })
    .join('')
