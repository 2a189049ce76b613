/**
 * Makes what a release consists of, in `release/`: `npm run release`. It sends nothing anywhere, unless IMAGE_OUTPUT says
 * so; what becomes of it where a version is tagged is in `.github/workflows/release.yml`.
 */
import { execFileSync, spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseDocument, stringify } from 'yaml'
import { bundle, external } from '../build.mjs'
import { tool } from '../test/helm/tools.ts'

const OUT = process.argv[2] ?? 'release'
const PLATFORMS = ['linux/amd64', 'linux/arm64']
/** Of GitHub's workflows: only there the project has an address. */
const { GITHUB_REPOSITORY, GITHUB_SERVER_URL, IMAGE_OUTPUT } = process.env
const SOURCE = GITHUB_REPOSITORY && `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}`
const IMAGE = GITHUB_REPOSITORY ? `ghcr.io/${GITHUB_REPOSITORY.toLowerCase()}` : 'stream-enricher'

const { private: _, ...manifest } = JSON.parse(readFileSync('package.json', 'utf8'))
const { name, version } = manifest

const run = (command, ...args) => execFileSync(command, args, { encoding: 'utf8' }).trim()
const writeJson = (file, value) => writeFileSync(file, `${JSON.stringify(value, null, 2)}\n`)
function edit(file, change) {
  writeFileSync(file, change(readFileSync(file, 'utf8')))
}

/** What CHANGELOG.md says of this version. */
function changelogSection() {
  const sections = readFileSync('CHANGELOG.md', 'utf8').split(/^## /m)
  const section = sections.find((text) => text.split(/[,\n]/, 1)[0] === version)
  if (section === undefined) throw new Error(`CHANGELOG.md has no section of ${version}`)
  return `${section.slice(section.indexOf('\n')).trim()}\n`
}

/** The npm package. npm installs what it has to pick for the platform; all else is in the bundle. */
async function packNpm(folder) {
  const inputs = await bundle(join(folder, 'dist'))
  writeFileSync(join(folder, 'dist/LICENSES.txt'), licensesOf(inputs))
  for (const file of ['README.md', 'LICENSE', 'pipeline.schema.json']) {
    cpSync(file, join(folder, file))
  }
  const { description, keywords, license, type, engines, bin, files, dependencies } = manifest
  writeJson(join(folder, 'package.json'), {
    ...{ name, version, description, keywords, license },
    ...(SOURCE && {
      homepage: `${SOURCE}#readme`,
      bugs: `${SOURCE}/issues`,
      repository: { type: 'git', url: `git+${SOURCE}.git` },
    }),
    ...{ type, engines, bin, files },
    dependencies: Object.fromEntries(external.map((library) => [library, dependencies[library]])),
  })
  run('npm', 'pack', folder, '--silent', '--pack-destination', OUT)
}

/** Whoever passes on what is bundled has to pass on its licences. */
function licensesOf(inputs) {
  const packages = inputs.flatMap(
    (file) => /^.*node_modules\/(@[^/]+\/)?[^/]+/.exec(file)?.[0] ?? [],
  )
  return [...new Set(packages)]
    .sort()
    .map(licenseOf)
    .join(`\n${'-'.repeat(80)}\n\n`)
}

/** Also of what a library has itself taken in, as classic-level has LevelDB. */
function licenseOf(library) {
  const { name, version, license } = JSON.parse(readFileSync(join(library, 'package.json'), 'utf8'))
  const texts = readdirSync(library, { recursive: true })
    .filter((file) => /^(?!node_modules).*\b(LICEN[CS]E|COPYING)(\.\w+)?$/i.test(file))
    .map((file) => readFileSync(join(library, file), 'utf8'))
  return [`${name} ${version}: ${license}\n`, ...texts].join('\n')
}

/** What package and image are made of. npm names it by its folder, and forgets what development needs too if it only omits that. */
function writeSbom(folder) {
  const { devDependencies: _, ...shipped } = manifest
  writeJson(join(folder, 'package.json'), shipped)
  cpSync('package-lock.json', join(folder, 'package-lock.json'))
  const npm = (...args) => execFileSync('npm', [...args, '--package-lock-only'], { cwd: folder })
  npm('install', '--offline', '--silent')
  const sbom = npm('sbom', '--sbom-format=cyclonedx', '--sbom-type=application')
  writeFileSync(join(OUT, `${name}-${version}.cdx.json`), sbom)
}

/** The chart, with what only a release knows: where the image is, and the changes, for Artifact Hub. */
function packChart(folder) {
  const helm = tool('helm')
  if (helm === undefined) throw new Error('The chart needs helm, or Go to build it')
  const chart = join(folder, name)
  cpSync(`helm/${name}`, chart, { recursive: true })
  edit(join(chart, 'Chart.yaml'), annotated)
  edit(join(chart, 'values.yaml'), (text) =>
    text.replace(`repository: ${name}`, `repository: ${IMAGE}`),
  )
  edit(join(chart, 'README.md'), (text) => text.replace(`"${name}"`, `"${IMAGE}"`))
  run(helm, 'package', chart, '--destination', folder)
  // By Helm's name it would be npm's file.
  cpSync(join(folder, `${name}-${version}.tgz`), join(OUT, `${name}-chart-${version}.tgz`))
}

function annotated(text) {
  const chart = parseDocument(text)
  const annotate = (key, value) =>
    chart.setIn(['annotations', `artifacthub.io/${key}`], stringify(value, { lineWidth: 0 }))
  const changes = changelogSection().split(/^- /m).slice(1)
  annotate(
    'changes',
    changes.map((change) => change.trim().replace(/\n\s*/g, ' ')),
  )
  if (SOURCE) {
    annotate('images', [{ name, image: `${IMAGE}:${version}`, platforms: PLATFORMS }])
    chart.set('home', SOURCE)
    chart.set('sources', [SOURCE])
  }
  return String(chart)
}

/** One index of both platforms for each target, with BuildKit's SBOM and provenance. */
function buildImages() {
  const { stdout } = spawnSync('docker', ['buildx', 'inspect'], { encoding: 'utf8' })
  if (!/^Driver: +docker-container$/m.test(stdout ?? '')) {
    return 'not built: that needs a Docker engine, and `docker buildx create --use`'
  }
  const args = {
    VERSION: version,
    REVISION: run('git', 'rev-parse', 'HEAD'),
    SOURCE: SOURCE ?? '',
    CREATED: run('git', 'log', '-1', '--format=%cI'),
  }
  const flags = Object.entries(args).flatMap(([key, value]) => ['--build-arg', `${key}=${value}`])
  for (const [target, suffix] of Object.entries({ slim: '', distroless: '-distroless' })) {
    const output = IMAGE_OUTPUT ?? `type=oci,dest=${OUT}/${name}${suffix}-${version}.oci.tar`
    run(
      ...['docker', 'buildx', 'build', '--platform', PLATFORMS.join(), '--target', target],
      ...['--sbom=true', '--provenance=mode=max', ...flags],
      ...['--tag', `${IMAGE}:${version}${suffix}`, '--output', output, '.'],
    )
  }
  return `built for ${PLATFORMS.join(' and ')}`
}

/** As `sha256sum --check` reads them. */
function writeChecksums() {
  const sumOf = (file) =>
    createHash('sha256')
      .update(readFileSync(join(OUT, file)))
      .digest('hex')
  const lines = readdirSync(OUT).map((file) => `${sumOf(file)}  ${file}\n`)
  writeFileSync(join(OUT, 'SHA256SUMS'), lines.join(''))
}

rmSync(OUT, { recursive: true, force: true })
mkdirSync(OUT)
const work = mkdtempSync(join(tmpdir(), 'release-'))
const folder = (...path) => {
  mkdirSync(join(work, ...path), { recursive: true })
  return join(work, ...path)
}
try {
  await packNpm(folder('npm'))
  writeSbom(folder('sbom', name))
  packChart(folder('chart'))
  writeFileSync(join(OUT, 'NOTES.md'), changelogSection())
  const images = buildImages()
  writeChecksums()
  console.log(`${OUT}: ${readdirSync(OUT).join(', ')}\nImages: ${images}`)
} finally {
  rmSync(work, { recursive: true, force: true })
}
