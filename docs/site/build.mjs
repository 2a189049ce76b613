/**
 * Makes a site of the documentation, with search, in `docs/site/dist`: `npm run docs`. `-- --serve` shows it at
 * http://localhost:4173 then. VitePress is installed here, by a lockfile of its own: nothing else needs its hundred packages.
 *
 * Pages are copied to `pages` first, with links as the site has them. Links to files that are no page lead to the repository
 * where GITHUB_REPOSITORY says which it is, and are plain text elsewhere. DOCS_BASE is the path that the site is served under.
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'
import { run } from '../../test/support/install.mjs'

const root = fileURLToPath(new URL('../..', import.meta.url))
const site = join(root, 'docs/site')
const pages = join(site, 'pages')
const { GITHUB_REPOSITORY, GITHUB_SERVER_URL, GITHUB_SHA = 'HEAD' } = process.env
const SOURCE = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`

/** Where each document is on the site. */
const PAGES = new Map([
  ['README.md', 'index.md'],
  ['docs/README.md', 'contents.md'],
  ['SECURITY.md', 'security-policy.md'],
  ['CONTRIBUTING.md', 'contributing.md'],
  ['CHANGELOG.md', 'changelog.md'],
  ['helm/stream-enricher/README.md', 'helm-chart.md'],
  ['helm/stream-enricher/files/RUNBOOK.md', 'runbook.md'],
  ['src/watch/METRICS.md', 'metrics.md'],
  ['src/watch/EVENTS.md', 'events.md'],
  ['bench/RESULTS.md', 'benchmarks.md'],
  ['findings/README.md', 'findings.md'],
  ['examples/compose/README.md', 'compose.md'],
])
for (const name of readdirSync(join(root, 'docs'))) {
  if (name.endsWith('.md') && name !== 'README.md') PAGES.set(`docs/${name}`, name)
}

const read = (file) => readFileSync(join(root, file), 'utf8')

/** A link, or its text alone. */
function link(file, text, target) {
  if (/^https?:/.test(target)) return `[${text}](${target})`
  const [path, anchor] = target.split('#')
  const at = anchor === undefined ? '' : `#${anchor}`
  const to = path === '' ? file : normalize(join(dirname(file), path))
  if (to.endsWith('.png')) return `[${text}](./${to.replace(/^docs\//, '')})`
  if (PAGES.has(to)) return `[${text}](./${PAGES.get(to)}${at})`
  return SOURCE ? `[${text}](${SOURCE}/blob/${GITHUB_SHA}/${to}${at})` : text
}

/** Links of the text; what stands in blocks of code stays as it is. */
const linked = (file, text) =>
  text
    .split(/^(```[\s\S]*?^```)$/m)
    .map((part, i) =>
      i % 2 === 1
        ? part
        : part.replaceAll(/\[((?:[^[\]]|\[[^\]]*\])*)\]\(([^)\s]+)\)/g, (_, words, to) =>
            link(file, words, to),
          ),
    )
    .join('')

/** The table of contents, as the menu. */
function menu() {
  const [, ...sections] = read('docs/README.md').split(/^## /m)
  return sections.map((section) => {
    const [text] = section.split('\n')
    const items = [...section.matchAll(/\[([^\]]+)\]\(([^)]+)\)/g)].flatMap(([, title, to]) => {
      const page = PAGES.get(normalize(join('docs', to)))
      return page === undefined
        ? []
        : [{ text: title[0].toUpperCase() + title.slice(1), link: `/${page}` }]
    })
    return { text, items }
  })
}

rmSync(pages, { recursive: true, force: true })
mkdirSync(pages)
for (const [file, page] of PAGES) writeFileSync(join(pages, page), linked(file, read(file)))
for (const name of readdirSync(join(root, 'docs'))) {
  if (name.endsWith('.png')) cpSync(join(root, 'docs', name), join(pages, name))
}
writeFileSync(join(pages, 'menu.json'), JSON.stringify(menu()))

process.chdir(site)
if (!existsSync('node_modules/vitepress')) run('npm', ['ci', '--no-audit', '--no-fund'])
run('npx', ['vitepress', 'build'])
if (process.argv.includes('--serve')) run('npx', ['vitepress', 'preview'])
