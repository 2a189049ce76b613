/**
 * Makes `dist` for Node: our modules and the libraries in a few files, as finding, reading and compiling 500 small ones
 * is a third of a start's CPU time. Commands and the HTTP server stay files of their own, loaded when they are needed.
 */
import { cpSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

/** They load native parts from their own folders, or are for terminals only. */
const external = [
  '@mongodb-js/zstd',
  '@node-rs/crc32',
  'classic-level',
  'lz4-napi',
  'pino-pretty',
  'snappy',
]

rmSync('dist', { recursive: true, force: true })
await build({
  entryPoints: ['src/main.ts'],
  outdir: 'dist',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20',
  external,
  // CommonJS libraries ask for Node's own modules by `require`.
  banner: {
    js: "import { createRequire as nodeRequire } from 'node:module'\nconst require = nodeRequire(import.meta.url)",
  },
})
for (const file of ['status-page.html', 'RUNBOOK.md']) cpSync(`src/ops/${file}`, `dist/${file}`)
