/**
 * What `npm run broker` runs: Apache Kafka and a schema registry on this machine, in memory as far as you are concerned: when it
 * ends all is gone. Plain JavaScript: it runs before anything is installed.
 */
import { install } from '../test/support/install.mjs'

install()
const { register } = await import('tsx/esm/api')
register()
await import('./broker.ts')
