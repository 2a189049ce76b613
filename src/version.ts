import { createRequire } from 'node:module'

/** Of the package. */
export const { version: VERSION } = createRequire(import.meta.url)('../package.json') as {
  version: string
}

/** The commit that the image was built from: its build argument; empty elsewhere. */
export const REVISION = process.env.REVISION ?? ''
