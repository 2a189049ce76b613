/**
 * Makes `dist` for Node: our modules and the libraries in a few files, as finding, reading and compiling 500 small ones
 * is a third of a start's CPU time. Commands and the HTTP server stay files of their own, loaded when they are needed.
 */
import { cpSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import standalone from 'ajv/dist/standalone/index.js'
import { build } from 'esbuild'
import { ajv } from './src/config/json-schema.ts'

/** They have a package for each platform's native part: npm installs the right one. */
export const external = ['@mongodb-js/zstd', '@node-rs/crc32', 'lz4-napi', 'snappy']

/** Puts the code of compiled JSON Schemas where what compiles them is. */
const checks = {
  name: 'checks',
  setup({ onLoad }) {
    onLoad({ filter: /-check\.ts$/ }, async ({ path }) => {
      const { default: check } = await import(path)
      return { contents: standalone.default(ajv, check), loader: 'js', resolveDir: dirname(path) }
    })
  },
}

/** @returns the files that went into it */
export async function bundle(folder) {
  rmSync(folder, { recursive: true, force: true })
  const { metafile } = await build({
    entryPoints: ['src/main.ts'],
    outdir: folder,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external,
    plugins: [checks],
    metafile: true,
    // CommonJS libraries ask for Node's own modules by `require`; classic-level looks beside `__dirname` for its native part.
    banner: {
      js: [
        "import { createRequire as nodeRequire } from 'node:module'",
        "import { fileURLToPath as pathOfUrl } from 'node:url'",
        'const require = nodeRequire(import.meta.url)',
        "const __dirname = pathOfUrl(new URL('.', import.meta.url))",
      ].join('\n'),
    },
  })
  cpSync('src/watch/http/RUNBOOK.md', `${folder}/RUNBOOK.md`)
  cpSync('src/watch/http/page', `${folder}/page`, { recursive: true })
  // Installing classic-level itself would run a script, which npm warns of. All platforms' native parts are in it.
  cpSync('node_modules/classic-level/prebuilds', `${folder}/prebuilds`, { recursive: true })
  return Object.keys(metafile.inputs)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await bundle('dist')
