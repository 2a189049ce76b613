/**
 * What `npm run bench` runs: installs and builds what is missing, then the benches. Plain
 * JavaScript: it runs before anything is installed.
 */
import { install, run } from '../test/support/install.mjs'

install()
run('npm', ['run', '--silent', 'build'])
const { register } = await import('tsx/esm/api')
register()
await import('./run.ts')
