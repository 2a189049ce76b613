/** Writes what is made from code: `npm run monitoring`. */
import { writeFileSync } from 'node:fs'
import { metricsDocument } from './metrics-document.ts'

writeFileSync('src/ops/METRICS.md', metricsDocument())
