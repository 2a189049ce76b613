/** `reset FILE`: forgets what a pipeline has read and stored, so that it begins anew. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import type { Broker } from '../broker/port.ts'
import { loadPipeline } from '../config/load.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { plural } from '../config/text.ts'
import { knownInternalTopics } from '../config/topic-names.ts'
import { keepsState } from '../config/waits.ts'
import { refuseHidden } from './checks/access.ts'
import { schemaStep } from './checks/schema-step.ts'
import type { Step } from './checks/steps.ts'
import { compareOutputs, compile } from './compile.ts'
import { withBroker } from './connect.ts'
import { print } from './terminal.ts'

/** Something that goes, and how. */
export interface Removal {
  readonly text: string
  remove(): Promise<void>
}

export async function reset(file: string, options: { yes?: true }): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  await withBroker(pipeline.kafka, async (broker) => {
    await refuseWhileActive(pipeline, broker)
    const removals = await removalsOf(pipeline, broker)
    if (removals.length === 0) {
      print(`Nothing is stored of ${pipeline.name}`)
      return
    }
    const schemas = await schemasAfter(pipeline)
    const refused = schemas.find(({ kind }) => kind === 'refuse')
    if (refused !== undefined && options.yes) {
      throw new Error(
        `The registry would refuse the output's schema at the next start, so nothing was deleted: ${refused.detail}`,
      )
    }
    for (const { text, remove } of removals) {
      if (options.yes) await remove()
      print(`${options.yes ? 'deleted' : 'would delete'} ${text}`)
    }
    for (const { kind, detail } of schemas) {
      const fault = kind === 'refuse' ? ', which the registry would refuse' : ''
      print(`output schema${fault}: ${detail}`)
    }
    if (refused !== undefined) process.exitCode = 1
    const topics = pipeline.outputs.map(({ topic }) => topic)
    const stays = topics.length === 1 ? 'stays as it is' : 'stay as they are'
    print(`\n${topics.join(', ')} ${stays}: the inputs are read again from their beginning, and what comes
out comes out once more. State folders on other machines stay${windowsElsewhere(pipeline)}`)
    if (!options.yes) print('Nothing was changed now; --yes does it')
  })
}

const windowsElsewhere = (pipeline: Pipeline): string =>
  keepsState(pipeline) ? '; their windows are not used' : ''

/** What the start after it does with the outputs' schemas, which are of the latest of the inputs; nothing where there is no registry. */
async function schemasAfter(pipeline: Pipeline): Promise<Step[]> {
  if (pipeline.registry === null) return []
  const { codec } = await compile(pipeline)
  const comparisons = await compareOutputs(pipeline, codec)
  return pipeline.outputs.map((output, o) => schemaStep(output, comparisons[o]))
}

/** Throws where the pipeline's group has members. */
export async function refuseWhileActive(
  { name }: Pipeline,
  { administration }: Broker,
): Promise<void> {
  const group = await administration.describeGroup(name)
  refuseHidden(name, group)
  const { members } = group
  if (members.length === 0) return
  const who = members.map(({ clientId, host }) => `${clientId} at ${host.replace('/', '')}`)
  throw new Error(
    `${name} is running: ${plural(members.length, 'member')} (${who.join(', ')}). Stop all instances first; one that died without leaving is a member until kafka.sessionTimeout has passed`,
  )
}

/** The changelog first: what is left after a failure in the middle is found by the next reset. */
export async function removalsOf(pipeline: Pipeline, broker: Broker): Promise<Removal[]> {
  const { admin, administration } = broker
  const { name, state } = pipeline
  // Also those of a time when the pipeline had a join, or repartitioned a side.
  const internal = knownInternalTopics(pipeline)
  const removals: Removal[] = []
  const found = await admin.describeTopics(internal)
  for (const topic of internal.filter((name) => found.has(name))) {
    const remove = () => administration.deleteTopics([topic])
    removals.push({ text: `topic ${topic}`, remove })
  }
  for (const folder of ['window', 'dimension'].map((part) => join(state.dir, part))) {
    const remove = async () => rmSync(folder, { recursive: true })
    if (existsSync(folder)) removals.push({ text: `folder ${folder}`, remove })
  }
  const offsets = await administration.groupOffsets(name)
  const committed = offsets.filter(({ offset }) => offset >= 0).length
  if (committed > 0) {
    const remove = () => administration.deleteGroup(name)
    removals.push({
      text: `group ${name} with its offsets (${plural(committed, 'partition')})`,
      remove,
    })
  }
  return removals
}
