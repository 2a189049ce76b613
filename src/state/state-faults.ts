import { EnricherError } from '../errors.ts'
import type { CommittedState } from './committed-state.ts'

/** @param stored of the records in the changelog */
export function layoutChanged(topic: string, stored: string, layout: string): EnricherError {
  const message = `The stored records in ${topic} were written for another pipeline (selected fields or schemas differ). Give the changed pipeline another name, or run \`stream-enricher reset\``
  return new EnricherError('STATE_LAYOUT_CHANGED', message, {
    fields: { topic, stored, pipeline: layout },
  })
}

/** @param inputs whose schemas are others than those that the window was stored with. @param fault what of the output's fields has changed */
export function schemasDoNotFollow(topic: string, inputs: string, fault: string): EnricherError {
  const message = `The stored records in ${topic} do not go together with the newer schemas of ${inputs}: ${fault}. Register a schema with a default there, or take other fields with select; set output.schema to pinned to go on with the schemas that are stored, or run \`stream-enricher reset\``
  return new EnricherError('STATE_LAYOUT_CHANGED', message, { fields: { topic, fault } })
}

/** Where nothing is joined facts that wait are stored as they came: whatever the schemas are like, they are read anew. */
export const FACTS_LAYOUT = 'facts'

/** What a pipeline that keeps no state has kept before would not come out any more. @param layout of what is stored */
export function stateTakenOut(topic: string, layout: string): EnricherError {
  const message =
    layout === FACTS_LAYOUT
      ? `The pipeline has run with facts that wait for rows under this name: ${topic} has those that do, which would never come out. Put missing.wait back, however short, give the pipeline without it another name, or run \`stream-enricher reset\``
      : `The pipeline has run with a join under this name: ${topic} has what waits in its window, which would never come out. Put the join back, give the pipeline without it another name, or run \`stream-enricher reset\``
  return new EnricherError('STATE_LAYOUT_CHANGED', message, { fields: { topic } })
}

/** A window is written with the group's offsets; here there are offsets alone. */
export function windowMissing(place: OffsetPlace): EnricherError {
  const { topic, partition, committed } = place
  const message = `The group has read ${topic}-${partition} up to ${committed}, but there is no window of that: the pipeline has run without a join under this name, or its changelog topic was deleted. To begin anew with the join, stop all instances and run \`stream-enricher reset\`, or give the pipeline another name`
  return new EnricherError('OFFSETS_CHANGED', message, { fields: { ...place } })
}

/** @param kept what the last commit has told of the state */
export function stateLost(
  topic: string,
  partition: number,
  { waiting, streamTime }: CommittedState,
): EnricherError {
  const time = streamTime === null ? null : new Date(streamTime).toISOString()
  const had = `${waiting} facts that wait for rows, ${time === null ? 'no stream time' : `stream time ${time}`}`
  const message = `${topic}-${partition} does not have the state any more that the group's offsets were committed with (${had}), and no store in state.dir has it: the topic was deleted or made anew, or records of it were deleted (retention, kafka-delete-records). Nothing was read on. To begin anew, stop all instances, run \`stream-enricher reset\`, set startAt to before what is lost (a wait or a window before the stream time), and start: what the inputs have from there comes out, also what had come out before. An instance whose state folder has it may start instead. And see that the topic has retention.ms=-1, retention.bytes=-1 and cleanup.policy=delete`
  return new EnricherError('STATE_LOST', message, {
    fields: { topic, partition, waiting, streamTime: time },
  })
}

export function corruptStore(partition: number, what: string): EnricherError {
  return new EnricherError('STATE_CORRUPT', `The window store of task ${partition} has ${what}`, {
    fields: { partition },
  })
}

interface OffsetPlace {
  readonly topic: string
  readonly partition: number
  readonly committed: number
  readonly stored: number
}

export function offsetsChanged(place: OffsetPlace): EnricherError {
  const { topic, partition, committed, stored } = place
  const message = `The group's offset of ${topic}-${partition} is ${committed}, but the window store was written up to ${stored}: offsets were changed from outside, or the changelog is not this group's. Restore the offset, or delete the group's offsets, the changelog topic and the state folder`
  return new EnricherError('OFFSETS_CHANGED', message, { fields: { ...place } })
}
