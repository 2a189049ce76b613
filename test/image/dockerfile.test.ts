/** What the Dockerfile says. That it builds and runs is for `npm run test:image`. */
import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))
const read = (name: string): string => readFileSync(`${root}${name}`, 'utf8')

interface Stage {
  readonly base: string
  /** It runs on the builder's platform, whatever the image's is. */
  readonly onBuilder: boolean
  /** Instructions, without comments, each on one line. */
  readonly lines: readonly string[]
}

function stagesOf(text: string): ReadonlyMap<string, Stage> {
  const plain = text.replace(/^#.*\n/gm, '').replace(/\\\n\s*/g, '')
  const parts = plain.split(/^FROM /m).slice(1)
  return new Map(
    parts.map((part) => {
      const [head, ...lines] = part.split('\n').filter((line) => line !== '')
      const [, builder, base, name] = /^(--platform=\$\{BUILDPLATFORM\} )?(\S+) AS (\S+)$/.exec(
        head,
      )!
      return [name, { base, onBuilder: builder !== undefined, lines }]
    }),
  )
}

const dockerfile = read('Dockerfile')
const stages = stagesOf(dockerfile)
const { lines } = stages.get('slim')!
const argumentOf = (instruction: string): string =>
  lines.find((line) => line.startsWith(`${instruction} `))!.slice(instruction.length + 1)

test('every base is an argument with a pinned default', () => {
  const defaults = new Map(
    [...dockerfile.matchAll(/^ARG (\w+_IMAGE)=(\S+)$/gm)].map(([, name, image]) => [name, image]),
  )
  for (const { base } of stages.values()) {
    const image = defaults.get(/^\$\{(\w+)\}$/.exec(base)?.[1] ?? '')
    assert.ok(image?.match(/:(?!latest)[\w.-]+$/), `${base} is ${image}`)
  }
})

test('the distroless image is the slim one on another base, and slim is what is built by default', () => {
  assert.deepEqual(stages.get('distroless')!.lines, lines)
  assert.equal([...stages.keys()].at(-1), 'slim')
})

test('an image for another platform is built without emulation', () => {
  for (const [name, { onBuilder, lines }] of stages) {
    assert.equal(
      onBuilder,
      lines.some((line) => line.startsWith('RUN ')),
      name,
    )
  }
})

test('the version of the image is the package’s', () => {
  const { version } = JSON.parse(read('package.json'))
  assert.ok(lines.some((line) => line.startsWith(`ARG VERSION=${version} `)))
})

test('the commit that the image is built from is known to the process', () => {
  assert.ok(lines.includes('ENV REVISION=${REVISION}'))
})

test('what is in the image is listed in it', () => {
  const made = stages.get('dependencies')!.lines
  assert.ok(made.some((line) => line.endsWith('npm sbom --sbom-format=cyclonedx > sbom.json')))
  assert.ok(lines.includes('COPY --from=dependencies /app/sbom.json ./'))
})

test('the process is node itself, not root, and a shell is nowhere needed', () => {
  assert.match(argumentOf('USER'), /^[1-9]\d*:[1-9]\d*$/)
  for (const instruction of ['ENTRYPOINT', 'CMD']) JSON.parse(argumentOf(instruction))
  JSON.parse(argumentOf('HEALTHCHECK').replace(/^.* CMD /, ''))
  assert.equal(JSON.parse(argumentOf('ENTRYPOINT'))[0], 'node')
  assert.ok(!lines.some((line) => line.startsWith('RUN ')))
})

test('what the Dockerfile copies is there, and passes .dockerignore', () => {
  const ignored = read('.dockerignore')
  const copied = [...dockerfile.matchAll(/^COPY (?!--)(.+) \S+$/gm)].flatMap(([, names]) =>
    names.split(' '),
  )
  assert.ok(copied.length > 5)
  for (const name of copied) {
    assert.ok(existsSync(`${root}${name}`), `${name} is there`)
    assert.match(ignored, new RegExp(`^!${name.replaceAll('.', '\\.')}$`, 'm'))
  }
})
