/** docs/errors.md, from the table of error codes. */
import { ERRORS, type ErrorLine } from '../../src/errors.ts'

export const ERRORS_FILE = 'docs/errors.md'

function rows(ending: boolean): string {
  return Object.entries<ErrorLine>(ERRORS)
    .filter(([, { ends }]) => ends === ending)
    .map(([code, { means, action }]) => `| \`${code}\` | ${means} | ${action} |`)
    .join('\n')
}

const HEAD = '| code | means | what to do |\n| --- | --- | --- |'

export const errorsDocument = (): string => `# Error codes

Made by \`npm run monitoring\` from [errors.ts](../src/errors.ts). A command prints the error's sentence, which names topic, group, file or setting; a line of the log has the code
beside it, in \`err.code\`. A record that cannot be read is no error: it is [rejected](rejects.md), with a reason.

## The command or service ends

The exit code is 1 where the table has no other. Whoever supervises the service starts it again. Nothing is lost: it goes on from the last commit.

${HEAD}
${rows(true)}

## It goes on by itself

The epoch is dropped, and every task is taken anew from the last commit, in milliseconds. The log has the code in \`epoch_aborted\`, or in the line of what was found.

${HEAD}
${rows(false)}
`
