/**
 * Feeds a broker with an example's records: `node examples/generate.mjs ads --rate 1000 --seconds 10`.
 * Plain JavaScript: it runs before anything is installed.
 */
import { install } from '../test/support/install.mjs'

install()
const { register } = await import('tsx/esm/api')
register()
await import('./generate.ts')
