import type { Pipeline } from './pipeline.ts'

type Place = (path: readonly string[]) => string

/** Beside the pipelines, not in them: a pipeline is plain data. */
const places = new WeakMap<Pipeline, Place>()

export function setPlaces(pipeline: Pipeline, place: Place): void {
  places.set(pipeline, place)
}

/** `pipeline.yaml:27: join.on`, or the path alone where the pipeline is of no file. */
export const placeOf = (pipeline: Pipeline, path: readonly string[]): string =>
  places.get(pipeline)?.(path) ?? path.join('.')
