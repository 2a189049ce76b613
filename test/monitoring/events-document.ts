/** src/watch/EVENTS.md, from the table of events. */
import { EVENTS, type EventLine } from '../../src/events.ts'

export function eventsDocument(): string {
  const rows = Object.entries<EventLine>(EVENTS).map(
    ([name, { level, message, fields, means, action }]) => {
      const named = Object.entries(fields).map(([field, what]) => `\`${field}\` ${what}`)
      return `| \`${name}\` | ${level} | ${message} | ${named.join('; ')} | ${means} | ${action} |`
    },
  )
  return `# Events

Made by \`npm run monitoring\` from [events.ts](../events.ts). Each line of the log is one of these, with its name as \`event\`: JSON, or on a terminal
text. Every line has \`time\`, \`level\` (info, warn, error or fatal), \`service\` and \`msg\` too. \`err\` has \`type\`, \`message\`, \`cause\` and, where the
service itself raised it, its \`code\` and \`fields\`; its message also stands behind the line's. \`stack\` is printed at the level debug, and of an error that nobody has foreseen. \`LOG_LEVEL\` sets what is printed, \`PUT /admin/loggers/root\` changes it.

| event | level | message | fields | means | what to do |
| --- | --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}
