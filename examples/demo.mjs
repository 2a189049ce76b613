/**
 * What `npm run demo` runs: installs and builds what is missing, then the orders example on a real
 * Kafka. Plain JavaScript: it runs before anything is installed.
 */
import { install, run } from '../test/support/install.mjs'

if (Number(process.versions.node.split('.')[0]) < 20) {
  console.error(`Node 20 or later is needed; this is ${process.version}`)
  process.exit(1)
}
install()
run('npm', ['run', '--silent', 'build'])
const { register } = await import('tsx/esm/api')
register()
await import('./orders/demo.ts')
