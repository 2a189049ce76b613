/** `plan FILE`: what starting the file would do to what is there. Changes nothing. */
import type { Broker } from '../broker/port.ts'
import { stageName } from '../config/join-stages.ts'
import { loadPipeline } from '../config/load.ts'
import type { Pipeline } from '../config/pipeline.ts'
import { inputTopics, knownChangelogs, ownTopics, sourcesOf } from '../config/topic-names.ts'
import { unusableBecause } from '../dimension/checkpoint.ts'
import { DimensionStore } from '../dimension/dimension-store.ts'
import { extentOf } from '../dimension/extent.ts'
import { planOf } from '../plan/plan.ts'
import { PageStore } from '../state/page-store.ts'
import {
  type ChangelogHeaders,
  NO_HEADERS,
  readHeaders,
  storedLayouts,
} from '../state/stored-layout.ts'
import { refuseHidden } from './checks/access.ts'
import { schemaStep } from './checks/schema-step.ts'
import {
  dimensionStep,
  type GroupState,
  groupSteps,
  newerSchemaSteps,
  resetSteps,
  type Step,
  topicSteps,
} from './checks/steps.ts'
import { type EarlierLayouts, earlierLayouts } from './checks/stored-schemas.ts'
import { changelogSteps, type WindowState, windowSteps } from './checks/window-steps.ts'
import { compareLatest, compareOutputs, compile } from './compile.ts'
import { withBroker } from './connect.ts'
import { readStore, stateFolders } from './state-folders.ts'
import { offsetsOf } from './stored-offsets.ts'
import { print, styled } from './terminal.ts'

const SIGNS = {
  create: styled('green', '+'),
  keep: '=',
  change: styled('yellow', '~'),
  refuse: styled('red', '✗'),
}

export async function plan(file: string): Promise<void> {
  const pipeline = loadPipeline(file, process.env)
  const steps = await withBroker(pipeline.kafka, (broker) => stepsOf(pipeline, broker))
  printSteps(pipeline, steps)
}

async function stepsOf(pipeline: Pipeline, broker: Broker): Promise<Step[]> {
  const changelogs = knownChangelogs(pipeline)
  const topics = [...inputTopics(pipeline), ...ownTopics(pipeline), ...changelogs]
  const found = await broker.admin.describeTopics(topics)
  const headers = await Promise.all(
    changelogs.map((topic) => (found.has(topic) ? readHeaders(broker, topic) : NO_HEADERS)),
  )
  const compiled = await compile(pipeline, storedLayouts(headers[0]))
  const { codec, layout, newer } = compiled
  const earlier = await earlierLayouts(headers, compiled)
  const comparisons = await compareOutputs(pipeline, codec)
  const isReadable = sourcesOf(pipeline).every(({ config }) => found.has(config.topic))
  const { windows, dimensions } = stateFolders(pipeline)
  const windowStates = await Promise.all(
    windows.map(async ({ stage, partition, folder }) => {
      const hasEpoch = headers[stage]?.last.get(partition) !== undefined
      return { stage, partition, state: await windowState(folder, layout, hasEpoch, earlier) }
    }),
  )
  const rows = await Promise.all(
    planOf(pipeline).tables.map(async ({ dimensions: [d] }) => {
      const { name, topic } = pipeline.dimensions[d]
      const folder = dimensions.find((one) => one.name === name)?.folder
      const checkpoint = folder === undefined ? undefined : await dimensionCheckpoint(folder)
      const stored = `${codec.layout} ${topic} ${codec.rowLayouts[d]}`
      const isThere = checkpoint !== undefined && found.has(topic)
      const unusable = isThere
        ? unusableBecause(checkpoint, stored, await extentOf(broker.admin, topic))
        : undefined
      const state = { name, checkpoint, topic: found.get(topic), unusable }
      return dimensionStep(state, stored, Date.now())
    }),
  )
  return [
    ...topicSteps(pipeline, found),
    ...pipeline.outputs.map((output, o) => schemaStep(output, comparisons[o])),
    ...newerSchemaSteps(newer),
    ...(newer.length === 0 ? [] : resetSteps(pipeline.outputs, await compareLatest(pipeline))),
    ...changelogSteps(
      pipeline,
      layout,
      headers.map(({ last }) => last),
      earlier,
    ),
    ...changelogs.flatMap((_, s) =>
      windowSteps(
        windowStates.filter(({ stage }) => stage === s),
        stageName(pipeline, s),
      ),
    ),
    ...rows,
    ...(isReadable ? groupSteps(pipeline, await groupState(pipeline, broker, headers)) : []),
  ]
}

async function groupState(
  pipeline: Pipeline,
  broker: Broker,
  headers: readonly ChangelogHeaders[],
): Promise<GroupState> {
  const { admin, administration } = broker
  const ends = new Map<string, Map<number, { first: number; end: number }>>()
  for (const { config } of sourcesOf(pipeline)) {
    const { topic } = config
    const first = await admin.offsets(topic, 'earliest')
    const last = await admin.offsets(topic, 'stable')
    ends.set(topic, new Map([...last].map(([p, end]) => [p, { first: first.get(p) ?? 0, end }])))
  }
  const group = await administration.describeGroup(pipeline.name)
  refuseHidden(pipeline.name, group)
  return { group, ends, ...(await offsetsOf(pipeline, broker, group, headers)) }
}

/** @param hasEpoch whether the changelog has one of this partition: without one the store is of another, as of another name */
export async function windowState(
  folder: string,
  layout: string,
  hasEpoch: boolean,
  earlier: EarlierLayouts = new Map(),
): Promise<WindowState> {
  try {
    const checkpoint = await readStore(folder, (store) => new PageStore(store, layout).checkpoint())
    if (checkpoint === undefined) return 'empty'
    if (checkpoint === 'other' || !hasEpoch) return 'other'
    const isRead = (one: string): boolean => one === layout || earlier.get(one) === null
    return checkpoint.layouts.every(([, one]) => isRead(one)) ? 'current' : 'other'
  } catch {
    return 'unreadable'
  }
}

async function dimensionCheckpoint(folder: string) {
  try {
    return await readStore(folder, (store) => new DimensionStore(store).checkpoint())
  } catch {
    return undefined
  }
}

function printSteps({ name }: Pipeline, steps: readonly Step[]): void {
  const width = Math.max(...steps.map(({ what }) => what.length))
  for (const { kind, what, detail } of steps)
    print(`${SIGNS[kind]} ${what.padEnd(width)}  ${detail}`)
  const refused = steps.filter(({ kind }) => kind === 'refuse').length
  if (refused > 0) process.exitCode = 1
  print(
    refused > 0
      ? `\n${name} would not start: see ${SIGNS.refuse}`
      : `\n${name} would start: ${SIGNS.create} new, ${SIGNS.change} changed, ${SIGNS.keep} stays. Nothing was changed now`,
  )
}
