/** What `npm run release` makes, but for the images: that it is whole, and that what npm installs of it works. */
import assert from 'node:assert/strict'
import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { arch, platform, tmpdir } from 'node:os'
import { delimiter, dirname, join } from 'node:path'
import { after, before, test } from 'node:test'
import { parse } from 'yaml'
import { needsHelm } from './helm/chart.ts'

const { version, dependencies, devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
const TARBALL = `stream-enricher-${version}.tgz`
const CHART = `stream-enricher-chart-${version}.tgz`
const SBOM = `stream-enricher-${version}.cdx.json`

const work = mkdtempSync(join(tmpdir(), 'release-test-'))
after(() => rmSync(work, { recursive: true }))

/** Images are left out: they would take minutes where there is an engine. @returns what it says */
function release(folder: string, env: NodeJS.ProcessEnv): string {
  return execFileSync(process.execPath, ['--import', 'tsx', '.ci/release.mjs', folder], {
    encoding: 'utf8',
    env: { ...process.env, BUILDX_BUILDER: 'none', ...env },
  })
}

/** A file of a tarball. */
const unpacked = (folder: string, tarball: string, file: string): string =>
  execFileSync('tar', ['-xzOf', join(folder, tarball), file], { encoding: 'utf8' })

/** npm has Node itself as a package, for Linux. */
const onLinux = { skip: needsHelm.skip || (platform() !== 'linux' && 'not on Linux') }

/** As GitHub's workflows have it. */
const repository = { GITHUB_REPOSITORY: 'Some/fork', GITHUB_SERVER_URL: 'https://github.example' }

const local = join(work, 'local')
let said = ''
before(() => {
  if (needsHelm.skip) return
  said = release(local, { GITHUB_REPOSITORY: undefined })
})

test('a release is a package, a chart, their parts, notes and checksums', needsHelm, () => {
  assert.deepEqual(readdirSync(local), ['NOTES.md', 'SHA256SUMS', SBOM, TARBALL, CHART])
  execFileSync('sha256sum', ['--check', '--strict', 'SHA256SUMS'], { cwd: local })
  assert.equal(readFileSync(join(local, 'SHA256SUMS'), 'utf8').split('\n').length, 5)
})

test('where no engine builds images, the dry run says so', needsHelm, () => {
  assert.match(said, /^Images: not built: .*docker buildx create/m)
})

test('the notes are the version’s section of the changelog', needsHelm, () => {
  const notes = readFileSync(join(local, 'NOTES.md'), 'utf8')
  const changelog = readFileSync('CHANGELOG.md', 'utf8')
  const [before, behind] = changelog.split(notes)
  assert.match(before, new RegExp(`^## ${version.replaceAll('.', '\\.')}, .*\\n\\n$`, 'm'))
  assert.match(behind, /^(\n## |$)/)
})

test('the parts are those of package and image', needsHelm, () => {
  const sbom = JSON.parse(readFileSync(join(local, SBOM), 'utf8'))
  assert.equal(sbom.bomFormat, 'CycloneDX')
  assert.equal(sbom.metadata.component.name, 'stream-enricher')
  const names = new Set(sbom.components.map(({ name }: { name: string }) => name))
  assert.deepEqual(
    Object.keys(dependencies).filter((name) => !names.has(name)),
    [],
  )
  for (const name of Object.keys(devDependencies)) assert.ok(!names.has(name), name)
})

test('the chart has the changes for Artifact Hub', needsHelm, () => {
  const { annotations, ...chart } = parse(unpacked(local, CHART, 'stream-enricher/Chart.yaml'))
  assert.equal(chart.version, version)
  const notes = readFileSync(join(local, 'NOTES.md'), 'utf8')
  const changes = parse(annotations['artifacthub.io/changes'])
  assert.equal(changes.length, notes.match(/^- /gm)?.length)
  assert.ok(changes.every((change: unknown) => typeof change === 'string' && !/\n/.test(change)))
})

test(
  'no address is invented: package and chart have those of the repository that makes them',
  needsHelm,
  () => {
    const addressed = (folder: string) => {
      const chart = parse(unpacked(folder, CHART, 'stream-enricher/Chart.yaml'))
      return {
        repository: JSON.parse(unpacked(folder, TARBALL, 'package/package.json')).repository?.url,
        sources: chart.sources,
        images: chart.annotations['artifacthub.io/images'],
        image: parse(unpacked(folder, CHART, 'stream-enricher/values.yaml')).image.repository,
      }
    }
    const none = { repository: undefined, sources: undefined, images: undefined }
    assert.deepEqual(addressed(local), { ...none, image: 'stream-enricher' })
    const forked = join(work, 'forked')
    const server = 'https://github.example'
    release(forked, { GITHUB_REPOSITORY: 'Some/fork', GITHUB_SERVER_URL: server })
    const { images, ...rest } = addressed(forked)
    assert.deepEqual(rest, {
      repository: 'git+https://github.example/Some/fork.git',
      sources: ['https://github.example/Some/fork'],
      image: 'ghcr.io/some/fork',
    })
    assert.equal(parse(images)[0].image, `ghcr.io/some/fork:${version}`)
  },
)

test(
  'where Docker has a builder, each image is built for both platforms, and pushed where that is asked for',
  needsHelm,
  () => {
    const bin = join(work, 'bin')
    const asked = join(work, 'asked')
    mkdirSync(bin)
    // A stand-in: the engine itself is not on every machine.
    const script = `#!/bin/sh\n[ "$2" = inspect ] && echo 'Driver: docker-container' || echo "$@" >> ${asked}\n`
    writeFileSync(join(bin, 'docker'), script, { mode: 0o755 })
    const env = {
      ...repository,
      PATH: [bin, process.env.PATH].join(delimiter),
      IMAGE_OUTPUT: 'type=registry',
    }
    assert.match(
      release(join(work, 'pushed'), env),
      /^Images: built for linux\/amd64 and linux\/arm64$/m,
    )
    const builds = readFileSync(asked, 'utf8').trim().split('\n')
    const dockerfile = readFileSync('Dockerfile', 'utf8')
    assert.equal(builds.length, 2)
    for (const build of builds) {
      assert.match(build, /^buildx build --platform linux\/amd64,linux\/arm64 /)
      assert.match(build, / --sbom=true --provenance=mode=max .* --output type=registry \.$/)
      const [, target] = / --target (\S+)/.exec(build)!
      assert.match(dockerfile, new RegExp(`^FROM .* AS ${target}$`, 'm'))
      const [labels] = /^LABEL (.*\\\n)+.*$/m.exec(dockerfile)!
      const values = [...labels.matchAll(/\$\{(\w+)\}/g)].map(([, name]) => name)
      for (const name of values) assert.match(build, new RegExp(` --build-arg ${name}=\\S`))
    }
    const tags = builds.map((build) => / --tag (\S+)/.exec(build)?.[1])
    assert.deepEqual(tags, [
      `ghcr.io/some/fork:${version}`,
      `ghcr.io/some/fork:${version}-distroless`,
    ])
  },
)

/** A Node of another version, as npm has it. */
function nodeOf(major: number): string {
  const name = `node-linux-${arch()}`
  execFileSync('npm', [
    'install',
    '--silent',
    '--prefix',
    join(work, `${major}`),
    `${name}@${major}`,
  ])
  return join(work, `${major}`, 'node_modules', name, 'bin')
}

/** What a user's shell has: that Node first on the path, and nothing of an `npx` that runs these tests. */
const shell = (bin: string): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: [bin, process.env.PATH].join(delimiter),
  npm_config_call: '',
  npm_config_package: '',
})

/** Writes, at the command's end, who it was and what V8 had. */
const PROBE = `process.on('exit', () => {
  const heap = require('node:v8').getHeapStatistics().heap_size_limit
  const { pid, execArgv: flags } = process
  if (process.argv[1]?.endsWith('stream-enricher')) process.stderr.write(JSON.stringify({ pid, flags, heap }))
})`
const probe = join(work, 'probe.cjs')
writeFileSync(probe, PROBE)
const probed = { NODE_OPTIONS: `--require=${probe}` }
/** Those that the image has. */
const [, ENTRYPOINT] = /^ENTRYPOINT (.*)$/m.exec(readFileSync('Dockerfile', 'utf8'))!
const FLAGS: string[] = JSON.parse(ENTRYPOINT).slice(1, -1)

/** By V8's own account: where to it lets its heap grow with the flags. */
const heapWith = (bin: string, flags: readonly string[]): number => {
  const limit = 'require("node:v8").getHeapStatistics().heap_size_limit'
  return Number(execFileSync(join(bin, 'node'), [...flags, '--print', limit], { encoding: 'utf8' }))
}

for (const major of [20, 22, 24]) {
  test(`on Node ${major} the package installs without a warning, and works`, onLinux, () => {
    const bin = nodeOf(major)
    const folder = join(work, `user-${major}`)
    mkdirSync(folder)
    writeFileSync(join(folder, 'package.json'), '{}')
    const env = shell(bin)
    const npm = spawnSync('npm', ['install', join(local, TARBALL)], {
      cwd: folder,
      env,
      encoding: 'utf8',
    })
    assert.equal(npm.status, 0, npm.stderr)
    assert.doesNotMatch(npm.stdout + npm.stderr, /warn|deprecated/i)

    const run = (args: readonly string[], more = {}) =>
      spawnSync(join(folder, 'node_modules/.bin/stream-enricher'), args, {
        env: { ...env, ...more },
        encoding: 'utf8',
      })
    assert.equal(run(['version']).stdout, `${version}\n`)
    assert.match(run(['validate', 'examples/orders/pipeline.yaml']).stdout, /customer_name/)
    assert.match(run(['test', 'examples/orders/pipeline.test.yaml']).stdout, /\d cases passed/)
    assert.equal(run(['validate', 'package.json']).status, 78)

    // The process that a shell starts is node itself, so that signals and exit codes are the service's.
    const { pid, stderr } = run(['version'], probed)
    assert.deepEqual(JSON.parse(stderr), { pid, flags: FLAGS, heap: heapWith(bin, FLAGS) })
    assert.notEqual(heapWith(bin, FLAGS), heapWith(bin, []))
  })
}

test('npx runs it from the file, with the image’s V8 flags', onLinux, () => {
  const env = {
    ...shell(dirname(process.execPath)),
    ...probed,
    npm_config_cache: join(work, 'npm'),
  }
  const args = ['--yes', '--package', join(local, TARBALL), 'stream-enricher', 'version']
  const { stdout, stderr } = spawnSync('npx', args, { cwd: work, env, encoding: 'utf8' })
  assert.equal(stdout, `${version}\n`)
  assert.deepEqual(JSON.parse(stderr).flags, FLAGS)
})
