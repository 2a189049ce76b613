import { readFileSync } from 'node:fs'
import { defineConfig } from 'vitepress'

const menu = JSON.parse(readFileSync(new URL('../pages/menu.json', import.meta.url), 'utf8'))

export default defineConfig({
  title: 'stream-enricher',
  description: 'Enriches a Kafka topic with dimensions and a windowed join, exactly once',
  base: process.env.DOCS_BASE ?? '/',
  srcDir: 'pages',
  outDir: 'dist',
  // A link to a running service.
  ignoreDeadLinks: [/^https?:\/\/localhost/],
  // Anchors as GitHub makes them: the same links work in both.
  markdown: {
    anchor: {
      slugify: (heading) =>
        heading
          .toLowerCase()
          .replace(/[^\p{L}\p{N} _-]/gu, '')
          .replaceAll(' ', '-'),
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    nav: [
      { text: 'Tutorial', link: '/tutorial' },
      { text: 'Pipeline file', link: '/pipeline-file' },
      { text: 'Commands', link: '/commands' },
    ],
    sidebar: menu,
    outline: [2, 3],
  },
})
