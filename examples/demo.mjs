/**
 * What `npm run demo` runs: installs and builds what is missing, then the orders example on a real
 * Kafka. Plain JavaScript: it runs before anything is installed.
 */
import { parseArgs } from 'node:util'
import { install, run } from '../test/support/install.mjs'

const HELP = `npm run demo -- [options]

  --rate N       orders a second (50000); as many payments come, but for 2 % unpaid orders
  --seconds N    how long orders come (30); the last payments come up to 50 s later
  --replicas N   instances of the service that share the work (1)
  --keep         leave service and broker running at the end, to look at, until Ctrl-C

Uses the broker in KAFKA_BROKERS; else Kafka in Docker; else Kafka from Maven on the local Java.`

function readOptions() {
  const text = { type: 'string' }
  const flag = { type: 'boolean' }
  const { values } = parseArgs({
    options: { rate: text, seconds: text, replicas: text, keep: flag, help: flag },
  })
  if (values.help) {
    console.log(HELP)
    process.exit(0)
  }
  const number = (name, fallback) => {
    const value = Number(values[name] ?? fallback)
    if (Number.isInteger(value) && value > 0) return value
    throw new Error(`--${name} must be a whole number above 0, not ${values[name]}`)
  }
  return {
    rate: number('rate', 50_000),
    seconds: number('seconds', 30),
    replicas: number('replicas', 1),
    keep: values.keep ?? false,
  }
}

/** Ends the process at `--help`, and where an option is wrong. */
function options() {
  try {
    return readOptions()
  } catch (error) {
    console.error(`${error.message}\n\n${HELP}`)
    process.exit(2)
  }
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Node 20 or later is needed; this is ${process.version}`)
  process.exit(1)
}
const given = options()
install()
run('npm', ['run', '--silent', 'build'])
const { register } = await import('tsx/esm/api')
register()
const { runDemo } = await import('./orders/demo.ts')
await runDemo(given)
